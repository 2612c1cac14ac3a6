package gerrittest

import (
	"slices"
	"strings"
)

// hunk is a part of a file: lines that both sides have, or those of each side.
type hunk struct{ both, a, b []string }

// lines gives a text's lines without their ends.
func lines(text string) []string {
	var out []string
	for line := range strings.Lines(text) {
		out = append(out, strings.TrimSuffix(line, "\n"))
	}
	return out
}

// maxDiff is how many pairs of lines are compared; a larger difference is shown
// as one.
const maxDiff = 1 << 20

// diffLines compares two files by their longest common subsequence.
func diffLines(a, b []string) []hunk {
	head := 0
	for head < len(a) && head < len(b) && a[head] == b[head] {
		head++
	}
	tail := 0
	for tail < len(a)-head && tail < len(b)-head && a[len(a)-1-tail] == b[len(b)-1-tail] {
		tail++
	}
	var hunks []hunk
	if head > 0 {
		hunks = append(hunks, hunk{both: a[:head]})
	}
	hunks = append(hunks, diffMiddle(a[head:len(a)-tail], b[head:len(b)-tail])...)
	if tail > 0 {
		hunks = append(hunks, hunk{both: a[len(a)-tail:]})
	}
	return hunks
}

func diffMiddle(a, b []string) []hunk {
	if len(a)+len(b) == 0 {
		return nil
	}
	if len(a)*len(b) == 0 || len(a)*len(b) > maxDiff {
		return []hunk{{a: a, b: b}}
	}
	common := commonLengths(a, b)
	var hunks []hunk
	i, j := 0, 0
	for i < len(a) || j < len(b) {
		if i < len(a) && j < len(b) && a[i] == b[j] {
			from := i
			for i < len(a) && j < len(b) && a[i] == b[j] {
				i, j = i+1, j+1
			}
			hunks = append(hunks, hunk{both: a[from:i]})
			continue
		}
		fromA, fromB := i, j
		for (i < len(a) || j < len(b)) && (i == len(a) || j == len(b) || a[i] != b[j]) {
			if j == len(b) || i < len(a) && common[i+1][j] >= common[i][j+1] {
				i++
			} else {
				j++
			}
		}
		hunks = append(hunks, hunk{a: slices.Clone(a[fromA:i]), b: slices.Clone(b[fromB:j])})
	}
	return hunks
}

// commonLengths has, for each pair of places, how many lines the rests have in
// common.
func commonLengths(a, b []string) [][]int {
	n := make([][]int, len(a)+1)
	for i := range n {
		n[i] = make([]int, len(b)+1)
	}
	for i := len(a) - 1; i >= 0; i-- {
		for j := len(b) - 1; j >= 0; j-- {
			if a[i] == b[j] {
				n[i][j] = n[i+1][j+1] + 1
			} else {
				n[i][j] = max(n[i+1][j], n[i][j+1])
			}
		}
	}
	return n
}
