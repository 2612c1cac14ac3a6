package taskclustertest

import (
	"fmt"
	"net/http"
	"net/url"
	"testing"
)

// pages asks for all pages of five items and tells what is on each.
func pages(s *Server, limit string) (seen []string) {
	items := []any{"a", "b", "c", "d", "e"}
	token := ""
	for range 20 {
		query := url.Values{"continuationToken": {token}, "limit": {limit}}
		page := s.page(&request{Request: &http.Request{URL: &url.URL{RawQuery: query.Encode()}}}, "items", items)
		seen = append(seen, fmt.Sprint(page["items"]))
		next, more := page["continuationToken"].(string)
		if !more {
			return seen
		}
		token = next
	}
	return append(seen, "no end")
}

func TestPages(t *testing.T) {
	for _, c := range []struct {
		name   string
		config Config
		limit  string
		want   string
	}{
		{"all on one", Config{PageLimit: 1000}, "", "[[a b c d e]]"},
		{"as many as asked for", Config{PageLimit: 1000}, "2", "[[a b] [c d] [e]]"},
		{"no more than are given", Config{PageLimit: 3}, "1000", "[[a b c] [d e]]"},
		{"exactly full", Config{PageLimit: 5}, "", "[[a b c d e]]"},
		{"empty ones between", Config{PageLimit: 2, EmptyPages: true}, "", "[[a b] [] [c d] [] [e]]"},
	} {
		if got := fmt.Sprint(pages(&Server{config: c.config}, c.limit)); got != c.want {
			t.Errorf("%s: %s, want %s", c.name, got, c.want)
		}
	}
}

func TestATokenThatIsNoneIsPageOne(t *testing.T) {
	for _, token := range []string{"", "jGzmdv8vpK", "!", token(-1, false)} {
		if from, _ := readToken(token); from != 0 {
			t.Errorf("%q begins at %d, want 0", token, from)
		}
	}
}

func FuzzReadToken(f *testing.F) {
	f.Add(token(3, true))
	f.Add("jGzmdv8vpK")
	f.Fuzz(func(t *testing.T, text string) {
		if from, _ := readToken(text); from < 0 {
			t.Errorf("%q begins at %d", text, from)
		}
	})
}
