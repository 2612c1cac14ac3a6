package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"strconv"
	"strings"
	"text/tabwriter"
	"time"
	"unicode"

	"github.com/spf13/cobra"
)

// printJSON prints one value, indented.
func printJSON(cmd *cobra.Command, v any) error {
	e := json.NewEncoder(cmd.OutOrStdout())
	e.SetIndent("", "  ")
	e.SetEscapeHTML(false)
	if err := e.Encode(v); err != nil {
		return fmt.Errorf("print: %w", err)
	}
	return nil
}

// printTable prints rows under a heading. Columns are separated by two spaces.
func printTable(cmd *cobra.Command, heading []string, rows [][]string) error {
	w := tabwriter.NewWriter(cmd.OutOrStdout(), 0, 0, 2, ' ', 0)
	for _, row := range append([][]string{heading}, rows...) {
		fmt.Fprintln(w, strings.Join(row, "\t"))
	}
	if err := w.Flush(); err != nil {
		return fmt.Errorf("print: %w", err)
	}
	return nil
}

// short is how much of an id is shown: it is in the marker of a post too, and is taken wherever an id is wanted.
func short(id string) string { return id[:min(10, len(id))] }

// when is a time as lists show it, to the second.
func when(t time.Time) string {
	if t.IsZero() {
		return "-"
	}
	return t.UTC().Format("2006-01-02 15:04:05Z")
}

// oneLine makes text fit for a table.
func oneLine(text string) string {
	text = printable(strings.Join(strings.Fields(text), " "))
	if r := []rune(text); len(r) > 100 {
		text = string(r[:99]) + "…"
	}
	return text
}

// printable is text without what would steer a terminal.
func printable(text string) string {
	return strings.Map(func(r rune) rune {
		if unicode.IsPrint(r) {
			return r
		}
		return -1
	}, text)
}

func orDash(text string) string {
	if text == "" {
		return "-"
	}
	return text
}

// plural is "1 rule", "2 rules".
func plural(n int, noun string) string {
	if n == 1 {
		return "1 " + noun
	}
	return fmt.Sprintf("%d %ss", n, noun)
}

// printPairs prints what has a value, one a line.
func printPairs(out io.Writer, pairs [][2]string) {
	for _, p := range pairs {
		if p[1] != "" && p[1] != "-" {
			fmt.Fprintf(out, "  %-12s %s\n", p[0], p[1])
		}
	}
}

// indented is JSON for reading.
func indented(text json.RawMessage) string {
	var b bytes.Buffer
	if err := json.Indent(&b, text, "  ", "  "); err != nil {
		return "  " + string(text)
	}
	return "  " + b.String()
}

// number is empty for zero.
func number(n int) string {
	if n == 0 {
		return ""
	}
	return strconv.Itoa(n)
}

// cut parts TEAM/RULE; RULE may be empty.
func cut(name string) (team, rule string, ok bool) {
	team, rule, ok = strings.Cut(name, "/")
	return team, rule, ok && team != ""
}
