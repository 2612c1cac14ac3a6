package app

import (
	"io"
	"os"

	"github.com/rs/zerolog"
	"golang.org/x/term"

	"verdict/internal/config"
)

// NewLog is the process's log on out. Whatever form it has, no secret that was read is let through.
func NewLog(cfg *config.Config, out io.Writer) zerolog.Logger {
	level, err := zerolog.ParseLevel(cfg.Log.Level)
	if err != nil {
		level = zerolog.InfoLevel // the configuration was checked
	}
	clean := cfg.Known.Writer(out)
	if cfg.Log.Format == "console" || cfg.Log.Format == "auto" && isTerminal(out) {
		clean = zerolog.ConsoleWriter{Out: clean, TimeFormat: "15:04:05", NoColor: os.Getenv("NO_COLOR") != "" || !isTerminal(out)}
	}
	return zerolog.New(clean).Level(level).With().Timestamp().Logger()
}

func isTerminal(out io.Writer) bool {
	f, ok := out.(*os.File)
	return ok && term.IsTerminal(int(f.Fd()))
}
