package taskcluster_test

import (
	"context"
	"errors"
	"net/url"
	"strings"
	"testing"

	"verdict/taskcluster"
)

// pagesOf walks pages whose next tokens are given by token. It answers the
// tokens that were asked for and the error that ended it.
func pagesOf(t *testing.T, first url.Values, next map[string]string) (asked string, pages int, err error) {
	t.Helper()
	var tokens []string
	get := func(_ context.Context, query url.Values) (string, string, error) {
		token := query.Get("continuationToken")
		tokens = append(tokens, "<"+token+">")
		if query.Get("limit") != first.Get("limit") {
			t.Errorf("page %q: limit %q, want %q", token, query.Get("limit"), first.Get("limit"))
		}
		if next[token] == "broken" {
			return "", "", errors.New("broken")
		}
		return "page " + token, next[token], nil
	}
	for page, perr := range taskcluster.Pages(t.Context(), first, get) {
		if err = perr; err == nil {
			pages++
		} else if page != "" {
			t.Errorf("page %q beside %v", page, err)
		}
	}
	return strings.Join(tokens, ""), pages, err
}

func TestPages(t *testing.T) {
	for _, c := range []struct {
		name   string
		first  url.Values
		next   map[string]string
		asked  string
		pages  int
		circle bool
	}{
		{"one page", nil, nil, "<>", 1, false},
		{"three pages", url.Values{"limit": {"2"}}, map[string]string{"": "a", "a": "b"}, "<><a><b>", 3, false},
		{"from a token on", url.Values{"continuationToken": {"a"}}, map[string]string{"a": "b"}, "<a><b>", 2, false},
		{"the same token again", nil, map[string]string{"": "a", "a": "a"}, "<><a>", 2, true},
		{"a token before the last", nil, map[string]string{"": "a", "a": "b", "b": "a"}, "<><a><b>", 3, true},
		{"the token begun with", url.Values{"continuationToken": {"a"}}, map[string]string{"a": "b", "b": "a"}, "<a><b>", 2, true},
	} {
		asked, pages, err := pagesOf(t, c.first, c.next)
		if asked != c.asked || pages != c.pages || (err != nil) != c.circle || c.circle && !errors.Is(err, taskcluster.ErrUnavailable) {
			t.Errorf("%s: asked for %s, got %d pages and %v; want %s, %d and an error: %v", c.name, asked, pages, err, c.asked, c.pages, c.circle)
		}
	}
	if first := (url.Values{"limit": {"2"}}); true {
		pagesOf(t, first, map[string]string{"": "a"})
		if first.Has("continuationToken") {
			t.Errorf("the caller's query became %v", first)
		}
	}
}

func TestPagesEndWithTheFirstError(t *testing.T) {
	asked, pages, err := pagesOf(t, nil, map[string]string{"": "a", "a": "broken"})
	if asked != "<><a>" || pages != 1 || err == nil || err.Error() != "broken" {
		t.Errorf("asked for %s, got %d pages and %v; want <><a>, one, broken", asked, pages, err)
	}
}

func TestPagesAreFetchedAsTheyAreWanted(t *testing.T) {
	fetched := 0
	get := func(context.Context, url.Values) (int, string, error) {
		fetched++
		return fetched, "more", nil
	}
	pages := taskcluster.Pages(t.Context(), nil, get)
	for range 2 { // each time from the first page on
		for range pages {
			break
		}
	}
	if fetched != 2 {
		t.Errorf("fetched %d pages, want one each time", fetched)
	}
}
