package taskclustertest

import (
	"encoding/base64"
	"fmt"
	"strconv"
)

// page is the part of a list that a request asks for, under its name, with a
// continuationToken where more follows. A token that is none is taken as the
// beginning.
func (s *Server) page(req *request, name string, items []any) map[string]any {
	limit, err := strconv.Atoi(req.URL.Query().Get("limit"))
	if err != nil || limit <= 0 {
		limit = s.config.PageLimit
	}
	limit = min(limit, s.config.PageLimit)
	from, afterEmpty := readToken(req.URL.Query().Get("continuationToken"))
	from = min(from, len(items))
	if s.config.EmptyPages && from > 0 && !afterEmpty {
		return map[string]any{name: []any{}, "continuationToken": token(from, true)}
	}
	end := min(from+limit, len(items))
	body := map[string]any{name: append([]any{}, items[from:end]...)}
	if end < len(items) {
		body["continuationToken"] = token(end, false)
	}
	return body
}

func token(from int, afterEmpty bool) string {
	return base64.RawURLEncoding.EncodeToString(fmt.Appendf(nil, "page:%d:%t", from, afterEmpty))
}

func readToken(token string) (from int, afterEmpty bool) {
	plain, err := base64.RawURLEncoding.DecodeString(token)
	if err != nil {
		return 0, false
	}
	if n, err := fmt.Sscanf(string(plain), "page:%d:%t", &from, &afterEmpty); n != 2 || err != nil || from < 0 {
		return 0, false
	}
	return from, afterEmpty
}
