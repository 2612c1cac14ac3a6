package main

import (
	"fmt"
	"io"
	"strings"
)

// printDiff shows which lines go and which come, with the number of the first line of each place.
func printDiff(out io.Writer, name string, before, after []byte) {
	a, b := strings.Split(strings.TrimSuffix(string(before), "\n"), "\n"), strings.Split(strings.TrimSuffix(string(after), "\n"), "\n")
	fmt.Fprintf(out, "--- %s\n+++ %s, formatted\n", name, name)
	i, j, apart := 0, 0, true
	for i < len(a) || j < len(b) {
		if i < len(a) && j < len(b) && a[i] == b[j] {
			i, j, apart = i+1, j+1, true
			continue
		}
		if apart {
			fmt.Fprintf(out, "@@ %d @@\n", i+1)
			apart = false
		}
		if gone, come, ok := nextCommon(a[i:], b[j:]); ok {
			printLines(out, "-", a[i:i+gone])
			printLines(out, "+", b[j:j+come])
			i, j = i+gone, j+come
			continue
		}
		printLines(out, "-", a[i:])
		printLines(out, "+", b[j:])
		return
	}
}

// nextCommon finds the nearest line that both have: how many lines go, and how many come, before it.
func nextCommon(a, b []string) (gone, come int, ok bool) {
	for sum := 1; sum < len(a)+len(b); sum++ {
		for gone := max(0, sum-len(b)+1); gone <= min(sum, len(a)-1); gone++ {
			if line := a[gone]; line == b[sum-gone] && strings.TrimSpace(line) != "" {
				return gone, sum - gone, true
			}
		}
	}
	return 0, 0, false
}

func printLines(out io.Writer, sign string, lines []string) {
	for _, line := range lines {
		fmt.Fprintf(out, "%s%s\n", sign, line)
	}
}
