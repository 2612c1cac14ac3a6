package gerrittest_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"

	"verdict/gerrit"
)

var queryCases = []fact{
	{"QueryGivesTheLastUpdatedFirst", "3.10", queryGivesTheLastUpdatedFirst},
	{"QueryPages", "3.10", queryPages},
	{"QueryTerms", "3.10", queryTerms},
	{"QueryTimesIncludeTheSecond", "3.10", queryTimesIncludeTheSecond},
	{"QueryErrors", "3.10", queryErrors},
	{"QueryGivesOnlyTheFieldsAskedFor", "3.10", queryGivesOnlyTheFieldsAskedFor},
	{"QueriesTellTheState", "3.13", queriesTellTheState},
	{"SeveralQueriesGiveSeveralLists", "3.10", severalQueriesGiveSeveralLists},
}

// numbers gives the numbers of the changes that a query finds.
func (e *env) numbers(t *testing.T, q string, opts ...gerrit.QueryChangesOpt) []int {
	t.Helper()
	changes, err := e.bot.QueryChanges(t.Context(), q, opts...)
	if err != nil {
		t.Fatal(err)
	}
	numbers := []int{}
	for _, c := range changes {
		numbers = append(numbers, c.ChangeNumber)
	}
	return numbers
}

// three pushes three changes to one project.
func (e *env) three(t *testing.T) [3]pushed {
	t.Helper()
	var three [3]pushed
	project := e.host.newProject(t)
	for i := range three {
		three[i] = e.host.push(t, push{project: project, subject: fmt.Sprintf("Number %d", i), files: map[string]string{fmt.Sprint(i): "x\n"}})
	}
	return three
}

// nextSecond waits until the server's clock shows another second than that of
// the change's update.
func (e *env) nextSecond(t *testing.T, p pushed) {
	t.Helper()
	updated := e.detail(t, p).Updated.Time()
	for {
		res, err := http.Get(e.url + "/config/server/version")
		if err != nil {
			t.Fatal(err)
		}
		res.Body.Close()
		now, err := http.ParseTime(res.Header.Get("Date"))
		if err != nil {
			t.Fatal(err)
		}
		if now.After(updated.Truncate(time.Second)) {
			return
		}
	}
}

func queryGivesTheLastUpdatedFirst(t *testing.T, e *env) {
	three := e.three(t)
	e.nextSecond(t, three[2])
	e.review(t, three[0], gerrit.ReviewInput{Message: "to the front"})
	got := e.numbers(t, "project:"+three[0].project)
	if len(got) != 3 || got[0] != three[0].number {
		t.Errorf("got %d, want %d first", got, three[0].number)
	}
}

func queryPages(t *testing.T, e *env) {
	three := e.three(t)
	all := e.numbers(t, "project:"+three[0].project)
	var paged []int
	for start := 0; ; start++ {
		page, err := e.bot.QueryChanges(t.Context(), "project:"+three[0].project, gerrit.QueryChangesOpt{N: 1, Start: start})
		if err != nil || len(page) != 1 {
			t.Fatalf("page %d: %d changes, %v", start, len(page), err)
		}
		paged = append(paged, page[0].ChangeNumber)
		if !page[0].MoreChanges {
			break
		}
	}
	if !slices.Equal(all, paged) {
		t.Errorf("got %d by pages, %d at once", paged, all)
	}
	if past := e.numbers(t, "project:"+three[0].project, gerrit.QueryChangesOpt{Start: 99}); len(past) != 0 {
		t.Errorf("past the end: got %d", past)
	}
	if first := e.numbers(t, "limit:2 project:"+three[0].project); !slices.Equal(first, all[:2]) {
		t.Errorf("limit:2: got %d", first)
	}
}

func queryTerms(t *testing.T, e *env) {
	three := e.three(t)
	a, b, c := three[0].number, three[1].number, three[2].number
	project := "project:" + three[0].project
	if _, err := e.bot.AddHashtags(t.Context(), three[0].id(), "Blue"); err != nil {
		t.Fatal(err)
	}
	e.review(t, three[1], gerrit.ReviewInput{Labels: map[string]int{"Verified": -1}})
	if err := e.bot.AbandonChange(t.Context(), three[2].id()); err != nil {
		t.Fatal(err)
	}
	for q, want := range map[string][]int{
		project:                                                                    {a, b, c},
		`project:"` + three[0].project + `"`:                                       {a, b, c},
		`project:{` + three[0].project + `}`:                                       {a, b, c},
		project + " status:open":                                                   {a, b},
		project + " status:new":                                                    {a, b},
		project + " is:open":                                                       {a, b},
		project + " -is:open":                                                      {c},
		project + " NOT is:open":                                                   {c},
		project + " status:abandoned":                                              {c},
		project + " status:closed":                                                 {c},
		project + " status:merged":                                                 {},
		project + " hashtag:blue":                                                  {a},
		project + " owner:alice":                                                   {a, b, c},
		project + " owner:alice@example.com":                                       {a, b, c},
		project + " owner:self":                                                    {},
		project + " owner:nosuch":                                                  {},
		project + " branch:main":                                                   {a, b, c},
		project + " branch:other":                                                  {},
		project + " label:Verified=-1":                                             {b},
		project + " label:Verified-1":                                              {b},
		project + " label:Verified=-1,user=ci-bot":                                 {b},
		project + " label:Verified=-1,user=bob":                                    {},
		project + " label:Verified=1":                                              {},
		project + " subject:Number":                                                {a, b, c},
		fmt.Sprintf("change:%d", a):                                                {a},
		fmt.Sprint(a):                                                              {a},
		"change:" + three[1].changeID:                                              {b},
		three[1].changeID:                                                          {b},
		fmt.Sprintf("change:%d OR change:%d", a, b):                                {a, b},
		fmt.Sprintf("change:%d or change:%d", a, b):                                {a, b},
		fmt.Sprintf("change:%d change:%d", a, b):                                   {},
		fmt.Sprintf("change:%d AND change:%d", a, b):                               {},
		fmt.Sprintf("%s (change:%d OR change:%d)", project, b, c):                  {b, c},
		fmt.Sprintf("%s -(change:%d OR change:%d)", project, b, c):                 {a},
		fmt.Sprintf("%s change:%d OR change:%d status:open", project, a, c):        {a},
		fmt.Sprintf("(%s) before:\"2100-01-01 00:00:00 +0000\"", project):          {a, b, c},
		fmt.Sprintf("(%s) after:\"2100-01-01 00:00:00 +0000\"", project):           {},
		fmt.Sprintf("(%s) after:\"2020-01-01 00:00:00 +0000\"", project):           {a, b, c},
		fmt.Sprintf("%s after:2020-01-01 before:\"2100-01-01 10:00:00\"", project): {a, b, c},
	} {
		got := e.numbers(t, q)
		slices.Sort(got)
		if !slices.Equal(got, want) {
			t.Errorf("%s: got %d, want %d", q, got, want)
		}
	}
}

func queryTimesIncludeTheSecond(t *testing.T, e *env) {
	p := e.change(t)
	updated := e.detail(t, p).Updated.Time()
	for q, want := range map[string]int{
		"after:" + quoted(updated):                    1,
		"before:" + quoted(updated):                   1,
		"after:" + quoted(updated.Add(time.Second)):   0,
		"before:" + quoted(updated.Add(-time.Second)): 0,
	} {
		if got := e.numbers(t, fmt.Sprintf("change:%d %s", p.number, q)); len(got) != want {
			t.Errorf("%s: got %d, want %d", q, got, want)
		}
	}
}

func quoted(t time.Time) string { return t.UTC().Format(`"2006-01-02 15:04:05 -0700"`) }

func queryErrors(t *testing.T, e *env) {
	for q, want := range map[string]string{
		"q=nosuch:thing":                  "Unsupported operator nosuch:thing",
		"q=status:bogus":                  "Unrecognized value: bogus",
		`q=after:"junk"`:                  "Invalid date format: junk",
		`q=after:"2026-01-02 03:04:05 Z"`: "Invalid time zone: Z",
		`q=after:"2026-01-02 03:04"`:      "Invalid time format: 03:04",
		"q=age:5x":                        "Error in operator age:5x",
		"q=limit:0":                       "limit must be positive: 0",
		"q=change:abc":                    "Invalid change format",
		"q=owner:":                        "line 1:6 no viable alternative at input '<EOF>'",
		"q=()":                            "line 1:1 no viable alternative at input ')'",
		"q=":                              "query is empty",
		"q=(":                             "line 1:1 no viable alternative at input '<EOF>'",
		`q="open`:                         `line 1:5 mismatched character '<EOF>' expecting '"'`,
		"q=status:open&o=NOPE":            `"NOPE" is not a valid value for "-o"`,
		"q=status:open&n=abc":             `"abc" is not a valid value for "-n"`,
		"q=status:open&S=-1":              "'start' parameter cannot be less than zero",
		"q=status:open&nonsense=1":        `"--nonsense" is not a valid option`,
	} {
		values, err := url.ParseQuery(q)
		if err != nil {
			t.Fatal(err)
		}
		status, text := e.raw(t, "ci-bot", http.MethodGet, "/changes/?"+values.Encode(), "")
		if status != http.StatusBadRequest || text != want {
			t.Errorf("%s: got %d %q, want %q", q, status, text, want)
		}
	}
	_, err := e.bot.QueryChanges(t.Context(), "nosuch:thing")
	var refusal *gerrit.HTTPError
	if !errors.As(err, &refusal) || refusal.Res.StatusCode != http.StatusBadRequest {
		t.Errorf("got %v", err)
	}
}

func queryGivesOnlyTheFieldsAskedFor(t *testing.T, e *env) {
	p := e.change(t)
	p = e.host.push(t, push{on: p, files: map[string]string{"b.txt": "x\n"}})
	one := func(fields ...string) *gerrit.ChangeInfo {
		changes, err := e.bot.QueryChanges(t.Context(), fmt.Sprintf("change:%d", p.number), gerrit.QueryChangesOpt{Fields: fields})
		if err != nil || len(changes) != 1 {
			t.Fatal(changes, err)
		}
		return changes[0]
	}
	plain := one()
	if plain.Revisions != nil || plain.CurrentRevision != "" || plain.Messages != nil || plain.Labels != nil || plain.Owner.Name != "" {
		t.Errorf("plain has more: %+v", plain)
	}
	if plain.Owner.NumericID == 0 || plain.Subject != "A change" || plain.Status != gerrit.ChangeStatusNew {
		t.Errorf("plain has less: %+v", plain)
	}
	current := one("CURRENT_REVISION", "CURRENT_COMMIT", "CURRENT_FILES", "DETAILED_ACCOUNTS")
	r := current.Revisions[p.revision]
	if current.CurrentRevision != p.revision || len(current.Revisions) != 1 || r.PatchSetNumber != 2 || r.Uploader.Username != "alice" {
		t.Errorf("current: %+v", current)
	}
	if r.Commit == nil || r.Commit.Subject != "A change" || !strings.HasPrefix(r.Commit.Message, "A change\n\n") || len(r.Commit.Parents) != 1 || r.Commit.Author.Email != "alice@example.com" {
		t.Errorf("commit: %+v", r.Commit)
	}
	if len(r.Files) != 2 || r.Files["b.txt"].Status != "A" || r.Files["b.txt"].LinesInserted != 1 {
		t.Errorf("files: %v", r.Files)
	}
	all := one("ALL_REVISIONS", "MESSAGES", "DETAILED_ACCOUNTS")
	if len(all.Revisions) != 2 || len(all.Messages) != 2 || all.Messages[0].Author.Username != "alice" {
		t.Errorf("all: %+v", all)
	}
	if all.Messages[0].ID == all.Messages[1].ID || all.Messages[1].RevisionNumber != 2 {
		t.Errorf("messages: %+v", all.Messages)
	}
}

func severalQueriesGiveSeveralLists(t *testing.T, e *env) {
	p := e.change(t)
	values := url.Values{"q": {fmt.Sprintf("change:%d", p.number), "status:open change:9999999"}}
	status, text := e.raw(t, "ci-bot", http.MethodGet, "/changes/?"+values.Encode(), "")
	var lists [][]gerrit.ChangeInfo
	if err := json.Unmarshal([]byte(strings.TrimPrefix(text, ")]}'")), &lists); status != http.StatusOK || err != nil {
		t.Fatal(status, err)
	}
	if len(lists) != 2 || len(lists[0]) != 1 || len(lists[1]) != 0 {
		t.Errorf("got %v", lists)
	}
}

func queriesTellTheState(t *testing.T, e *env) {
	p := e.change(t)
	changes, err := e.bot.QueryChanges(t.Context(), fmt.Sprintf("change:%d", p.number))
	if err != nil || len(changes) != 1 || changes[0].MetaRevID == "" || changes[0].MetaRevID != e.detail(t, p).MetaRevID {
		t.Errorf("got %+v, %v", changes, err)
	}
}
