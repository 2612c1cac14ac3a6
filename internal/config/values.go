package config

import (
	"fmt"
	"regexp"
	"strconv"
	"time"

	"verdict/rules/yamlfile"
)

// Begin is the time from which on events are answered. The zero Begin is now.
type Begin struct {
	ago time.Duration
	at  time.Time
}

// At is the time that Begin means for something that is seen first at now.
func (b Begin) At(now time.Time) time.Time {
	if !b.at.IsZero() {
		return b.at
	}
	return now.Add(-b.ago)
}

// DecodeNode implements yamlfile.Decoder: now, a duration before now, or a time.
func (b *Begin) DecodeNode(n *yamlfile.Node) []yamlfile.Problem {
	var text string
	if problems := yamlfile.Decode(n, &text); len(problems) > 0 {
		return problems
	}
	*b = Begin{}
	if text == "now" {
		return nil
	}
	if at, err := time.Parse(time.RFC3339, text); err == nil {
		b.at = at
		return nil
	}
	ago, err := yamlfile.ParseDuration(text)
	if err != nil {
		return []yamlfile.Problem{n.Problem(fmt.Sprintf("%q is no beginning", text), "write now, a duration before now (2h), or a time (2026-01-31T08:00:00Z)")}
	}
	b.ago = ago
	return nil
}

// Size is a number of bytes.
type Size int64

var (
	sizeForm  = regexp.MustCompile(`^(\d{1,9})\s*(B|KiB|MiB|GiB|TiB)$`)
	sizeUnits = map[string]int64{"B": 1, "KiB": 1 << 10, "MiB": 1 << 20, "GiB": 1 << 30, "TiB": 1 << 40}
)

// DecodeNode implements yamlfile.Decoder: a whole number with a unit, or 0.
func (s *Size) DecodeNode(n *yamlfile.Node) []yamlfile.Problem {
	var text string
	if problems := yamlfile.Decode(n, &text); len(problems) > 0 {
		return problems
	}
	m := sizeForm.FindStringSubmatch(text)
	switch {
	case text == "0":
		*s = 0
	case m != nil:
		count, _ := strconv.ParseInt(m[1], 10, 64) // at most nine digits
		if count > (1<<62)/sizeUnits[m[2]] {
			return []yamlfile.Problem{n.Problem(fmt.Sprintf("%q is too much", text), "")}
		}
		*s = Size(count * sizeUnits[m[2]])
	default:
		return []yamlfile.Problem{n.Problem(fmt.Sprintf("%q is no size", text), "write it like 20 GiB; units are B, KiB, MiB, GiB and TiB")}
	}
	return nil
}

// DecodeNode implements yamlfile.Decoder: each server starts from the defaults.
func (g *Gerrit) DecodeNode(n *yamlfile.Node) []yamlfile.Problem {
	type plainGerrit Gerrit // without this method
	*g = gerritDefaults()
	return yamlfile.Decode(n, (*plainGerrit)(g))
}
