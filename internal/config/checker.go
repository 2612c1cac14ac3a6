package config

import (
	"fmt"
	"net"
	"net/url"
	"slices"
	"strings"
	"time"

	"verdict/internal/schedule"
	"verdict/rules/yamlfile"
)

// checker gathers what is wrong with values that have the right type.
type checker struct {
	file     *yamlfile.File
	problems []yamlfile.Problem
	warnings []string
}

// place is where a key stands, or, when it isn't written, where the nearest thing around it does.
func (k *checker) place(path ...string) yamlfile.Problem {
	for n := len(path); n >= 0; n-- {
		if node := k.file.Root.Get(path[:n]...); node != nil {
			return node.Problem("", "")
		}
	}
	return yamlfile.Problem{File: k.file.Name, Line: 1, Column: 1}
}

func (k *checker) add(message, hint string, path ...string) {
	p := k.place(path...)
	p.Message, p.Hint = message, hint
	k.problems = append(k.problems, p)
}

func (k *checker) warn(message string, path ...string) {
	p := k.place(path...)
	p.Message = message
	k.warnings = append(k.warnings, p.Error())
}

func (k *checker) oneOf(value string, known []string, path ...string) {
	if !slices.Contains(known, value) {
		k.add(fmt.Sprintf("%q is not known here", value), yamlfile.DidYouMean(value, known), path...)
	}
}

func (k *checker) notEmpty(value string, path ...string) {
	if value == "" {
		k.add(fmt.Sprintf("%s is missing", strings.Join(path, ".")), "", path...)
	}
}

func (k *checker) notNegative(value int, path ...string) {
	if value < 0 {
		k.add("a negative number", "", path...)
	}
}

// url is nil, and a problem noted, where text is none of the given schemes. The text isn't told: there may be a
// password in it.
func (k *checker) url(text string, schemes []string, path ...string) *url.URL {
	u, err := url.Parse(text)
	if err != nil || u.Hostname() == "" || !slices.Contains(schemes, u.Scheme) {
		k.add("this is no URL that can be used here", "write it as "+schemes[0]+"://host", path...)
		return nil
	}
	return u
}

func (k *checker) web(text string, path ...string) {
	if text != "" {
		k.url(text, []string{"https", "http"}, path...)
	}
}

func (k *checker) noPassword(u *url.URL, instead string, path ...string) {
	if _, has := u.User.Password(); has {
		k.add("the URL holds a password", "it belongs into "+instead, path...)
	}
}

func (k *checker) address(text string, path ...string) {
	if text == "" {
		return
	}
	if _, _, err := net.SplitHostPort(text); err != nil {
		k.add(fmt.Sprintf("%q is no address", text), "write host:port", path...)
	}
}

func (k *checker) cron(text string, zone *time.Location, path ...string) schedule.Expression {
	e, err := schedule.Parse(text, zone)
	if err != nil {
		k.add(err.Error(), "", path...)
	} else if w := e.Warning(); w != "" {
		k.warn(w, path...)
	}
	return e
}

func loopback(u *url.URL) bool {
	ip := net.ParseIP(u.Hostname())
	return u.Hostname() == "localhost" || ip != nil && ip.IsLoopback()
}
