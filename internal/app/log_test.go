package app

import (
	"bytes"
	"strings"
	"testing"

	"verdict/internal/config"
)

func TestLogLetsNoSecretThroughInAnyForm(t *testing.T) {
	const canary = "c4nary-0f-the-log"
	t.Setenv("VERDICT_GERRIT_MAIN_TOKEN", canary)
	for _, format := range []string{"json", "console", "auto"} {
		cfg, err := config.Parse("config.yaml", []byte("log: {format: "+format+", level: debug}\ngerrit: {main: {url: 'https://r.example', user: u}}\n"))
		if err != nil {
			t.Fatal(err)
		}
		if _, err := cfg.Gerrit["main"].Token.Read(); err != nil {
			t.Fatal(err)
		}
		var out bytes.Buffer
		log := NewLog(cfg, &out)
		log.Debug().Str("password", canary).Interface("config", cfg.Gerrit).Msg("and " + canary)
		if text := out.String(); text == "" || strings.Contains(text, canary) {
			t.Errorf("%s: %q", format, text)
		}
		if isJSON := strings.HasPrefix(out.String(), "{"); isJSON != (format != "console") {
			t.Errorf("%s: it looks like %q", format, out.String())
		}
	}
}
