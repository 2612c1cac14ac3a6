package rules

import (
	"fmt"
	"strconv"
	"strings"
)

// maxInline is how many comments on lines one action may have: a linter that complains of every line says it
// better in its log.
const maxInline = 200

// inline renders the comments on lines.
func (e *evaluation) inline(t *template) ([]InlineComment, error) {
	v, err := e.render(t)
	if err != nil {
		return nil, err
	}
	list, ok := v.([]any)
	if !ok {
		return nil, e.unfit(t, "it is no list of comments on lines")
	}
	var out []InlineComment
	for i, item := range list[:min(len(list), maxInline)] {
		body, ok := item.(map[string]any)
		if !ok {
			return nil, e.unfit(t, fmt.Sprintf("comment %d is no mapping", i+1))
		}
		c, why := inlineComment(body)
		if why != "" {
			return nil, e.unfit(t, fmt.Sprintf("comment %d: %s", i+1, why))
		}
		out = append(out, c)
	}
	return out, nil
}

// inlineComment reads one; why says what is wrong with it.
func inlineComment(body map[string]any) (c InlineComment, why string) {
	var isText bool
	if c.Path, isText = body["path"].(string); !isText || c.Path == "" {
		return c, "path is no path of a file"
	}
	if c.Message, isText = body["message"].(string); !isText || strings.TrimSpace(c.Message) == "" {
		return c, "message is no text"
	}
	if unresolved, there := body["unresolved"]; there {
		if c.Unresolved, isText = unresolved.(bool); !isText {
			return c, "unresolved is neither true nor false"
		}
	}
	line, there := body["line"]
	if !there {
		return c, ""
	}
	if c.Line = lineOf(line); c.Line < 0 {
		return c, fmt.Sprintf("line %v is no number of a line", line)
	}
	return c, ""
}

// lineOf is the number of a line, -1 where it is none. ${…} makes a text of it.
func lineOf(v any) int {
	switch v := v.(type) {
	case int64:
		return int(max(v, -1))
	case float64:
		if v == float64(int(v)) {
			return max(int(v), -1)
		}
	case string:
		if n, err := strconv.Atoi(v); err == nil {
			return max(n, -1)
		}
	}
	return -1
}
