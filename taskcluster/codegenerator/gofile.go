package main

import (
	"bytes"
	"fmt"
	"go/format"
	"maps"
	"slices"
	"strings"
)

// gofile is a Go file being written.
type gofile struct {
	pkg     string
	doc     string // the package's comment, in one of its files
	imports map[string]bool
	body    bytes.Buffer
}

func newFile(pkg string) *gofile { return &gofile{pkg: pkg, imports: map[string]bool{}} }

// printf writes a line or several.
func (f *gofile) printf(format string, args ...any) {
	fmt.Fprintf(&f.body, format+"\n", args...)
}

// use imports a package, and gives the name to write before what is taken of it.
func (f *gofile) use(path string) string {
	f.imports[path] = true
	return path[strings.LastIndexByte(path, '/')+1:]
}

// comment writes a comment: paragraphs, lists and a "Deprecated:" as they are
// given, wrapped.
func (f *gofile) comment(text string) {
	f.body.WriteString(comment(text))
}

// lineWidth is where comments are wrapped.
const lineWidth = 100

func comment(text string) string {
	var b strings.Builder
	for line := range strings.Lines(text) {
		line = strings.TrimRight(line, "\n")
		indent := ""
		if strings.HasPrefix(strings.TrimLeft(line, " "), "- ") {
			indent = strings.Repeat(" ", len(line)-len(strings.TrimLeft(line, " "))+2)
		}
		for i, part := range wrap(line, lineWidth) {
			if i > 0 {
				part = indent + strings.TrimLeft(part, " ")
			}
			b.WriteString(strings.TrimRight("// "+part, " ") + "\n")
		}
	}
	return b.String()
}

// wrap breaks a line at spaces.
func wrap(line string, width int) []string {
	var parts []string
	for len(line) > width {
		at := strings.LastIndexByte(line[:width], ' ')
		if at <= len(line)-len(strings.TrimLeft(line, " ")) {
			break
		}
		parts = append(parts, line[:at])
		line = line[at+1:]
	}
	return append(parts, line)
}

// bytes is the file as gofmt leaves it.
func (f *gofile) bytes() ([]byte, error) {
	var b bytes.Buffer
	b.WriteString(header + "\n")
	if f.doc != "" {
		b.WriteString(comment(f.doc))
	}
	fmt.Fprintf(&b, "package %s\n\n", f.pkg)
	if len(f.imports) > 0 {
		b.WriteString("import (\n")
		var own []string
		for _, path := range slices.Sorted(maps.Keys(f.imports)) {
			if strings.HasPrefix(path, "verdict/") {
				own = append(own, path)
				continue
			}
			fmt.Fprintf(&b, "%q\n", path)
		}
		if len(own) > 0 && len(own) < len(f.imports) {
			b.WriteString("\n")
		}
		for _, path := range own {
			fmt.Fprintf(&b, "%q\n", path)
		}
		b.WriteString(")\n\n")
	}
	b.Write(f.body.Bytes())
	text, err := format.Source(b.Bytes())
	if err != nil {
		return nil, fmt.Errorf("%w in\n%s", err, b.Bytes())
	}
	return text, nil
}
