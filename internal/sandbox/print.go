package sandbox

import (
	"encoding/json"
	"fmt"
	"io"
	"strings"
	"sync"
	"time"
)

// Printer prints what happens, a line each, and the summary. It is safe for use by many goroutines.
type Printer struct {
	// Out is written to; an error of it is nobody's concern.
	Out io.Writer
	// JSON makes each line an object.
	JSON bool
	// Colour is for terminals.
	Colour bool
	// Endless says that it goes on until somebody ends it.
	Endless bool

	mu    sync.Mutex
	began time.Time
}

// Colours, as terminals know them.
const (
	plain  = "\x1b[0m"
	bold   = "\x1b[1m"
	faint  = "\x1b[2m"
	red    = "\x1b[31m"
	green  = "\x1b[32m"
	yellow = "\x1b[33m"
)

// Begin prints what the reader is about to see.
func (p *Printer) Begin() {
	p.began = time.Now()
	if p.JSON {
		return
	}
	fmt.Fprint(p.Out, `A team works on `+project+`; its Gerrit, its Taskcluster and its pulse are played in this process.
The bot is the real one, with the rules of rules/examples. What it does begins with "`+theBot+`".
`)
	if p.Endless {
		fmt.Fprintln(p.Out, "It goes on until Ctrl-C.")
	}
	fmt.Fprintln(p.Out)
}

// Stopping prints that the end was asked for.
func (p *Printer) Stopping() {
	p.mu.Lock()
	defer p.mu.Unlock()
	if !p.JSON {
		fmt.Fprintln(p.Out, "\nEnding: what has begun is waited for. Ctrl-C again breaks off.")
	}
}

// Sight prints what happened.
func (p *Printer) Sight(s Sight) {
	p.mu.Lock()
	defer p.mu.Unlock()
	at := s.At.Sub(p.began).Seconds()
	if p.JSON {
		p.json(struct {
			At     float64 `json:"at"`
			Change int     `json:"change,omitempty"`
			Who    string  `json:"who,omitempty"`
			What   string  `json:"what"`
		}{float64(int(at*1000)) / 1000, s.Change, s.Who, s.What})
		return
	}
	if s.Who == "" {
		fmt.Fprintf(p.Out, "%s\n", p.in(faint, fmt.Sprintf("%5.1f s  A story begins: %s.", at, s.What)))
		return
	}
	change := ""
	if s.Change != 0 {
		change = fmt.Sprintf("change %d", s.Change)
	}
	fmt.Fprintf(p.Out, "%s  %-10s %s %s\n", p.in(faint, fmt.Sprintf("%5.1f s", at)), change, p.in(who(s), fmt.Sprintf("%-11s", s.Who)), p.in(mood(s), s.What))
}

func who(s Sight) string {
	switch s.Who {
	case theBot:
		return bold
	case theNetwork:
		return yellow
	}
	return ""
}

func mood(s Sight) string {
	switch {
	case s.Good > 0:
		return green
	case s.Good < 0:
		return red
	case s.Who == theNetwork:
		return yellow
	}
	return ""
}

func (p *Printer) in(colour, text string) string {
	if !p.Colour || colour == "" {
		return text
	}
	return colour + text + plain
}

// End prints how it went.
func (p *Printer) End(s Summary) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.JSON {
		for _, lost := range s.Difference.Lost {
			p.json(map[string]string{"lost": lost})
		}
		for _, twice := range s.Difference.Duplicated {
			p.json(map[string]string{"duplicated": twice})
		}
		p.json(s)
		return
	}
	var b strings.Builder
	fmt.Fprintf(&b, "\n%d stories. The bot took in %d events; a rule matched %d of them.\n", s.Stories, s.Events, s.Matched)
	fmt.Fprintf(&b, "Gerrit saw %d votes, %d comments and %d changed hashtags of it, Taskcluster %d new tasks.\n", s.Votes, s.Comments, s.Hashtags, s.Tasks)
	for _, lost := range s.Difference.Lost {
		fmt.Fprintf(&b, "%s %s\n", p.in(red, "lost:      "), lost)
	}
	for _, twice := range s.Difference.Duplicated {
		fmt.Fprintf(&b, "%s %s\n", p.in(red, "duplicated:"), twice)
	}
	verdict := p.in(green, "That is what the script said beforehand: nothing lost, nothing twice.")
	if !s.Fine() {
		verdict = p.in(red, fmt.Sprintf("The script said otherwise beforehand: %d lost, %d duplicated.", s.Lost, s.Duplicated)) + " The bot's log and store are in " + s.Folder
	}
	fmt.Fprintf(p.Out, "%s%s\n", b.String(), verdict)
}

func (p *Printer) json(v any) {
	e := json.NewEncoder(p.Out)
	e.SetEscapeHTML(false)
	_ = e.Encode(v) // see Out
}
