package clients

import (
	"bytes"
	"context"
	"crypto/rand"
	"fmt"
	"io"
	"net/http"
	"runtime"
	"runtime/debug"
	"slices"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	build "golang.org/x/build/gerrit"

	"verdict/gerrit"
	"verdict/internal/testservers"
)

const (
	changes = 500
	// livePairs are queries of the server by each client, replayed are those of an answer that was recorded.
	livePairs, replayed = 5, 41
)

// The fields that are asked for: labels with votes, the current revision with its commit, accounts and messages.
var fields = []string{"DETAILED_LABELS", "CURRENT_REVISION", "CURRENT_COMMIT", "DETAILED_ACCOUNTS", "MESSAGES"}

// cost is what one query took.
type cost struct {
	wall, cpu float64 // seconds
	allocated float64 // bytes, all that was ever asked for
	kept      float64 // bytes, what the answer occupies
}

// query asks for all changes, and says how many came.
type query func(ctx context.Context) (answer any, n int, err error)

// A query of 500 changes costs no more with our client than with theirs.
//
// On the server most of the time is the server's, whoever asks; so the same answer is then played back to both, and what
// is measured is what the clients make of it. Of several measurements the medians of the ratios count.
func TestQueryCostsNoMoreThanTheirs(t *testing.T) {
	url := testservers.Gerrit(t)
	project := fill(t, url)
	mine, theirs := clients(url, project, gerrit.NewTransport(nil))
	ratios := compare(t, "asked", livePairs, mine, theirs)
	// Queries of a second each that share their cores with the server differ by more than the clients do.
	expect(t, "time, with the server's own", ratios.wall, 1.5)

	mine, theirs = clients(url, project, &tape{next: gerrit.NewTransport(nil)})
	ratios = compare(t, "played back", replayed, mine, theirs)
	// Not the clock's time, of which other programs take their part. Two runs of one client differ by a few hundredths.
	expect(t, "CPU time", ratios.cpu, 1.1)
	expect(t, "memory, in all", ratios.allocated, 1)
	expect(t, "memory, kept", ratios.kept, 1)
}

// clients are both, with all that can be the same the same.
func clients(url, project string, transport http.RoundTripper) (mine, theirs query) {
	const user = "ci-bot"
	a := gerrit.NewClient(url, gerrit.BasicAuth(user, testservers.Accounts[user]))
	b := build.NewClient(url, build.BasicAuth(user, testservers.Accounts[user]))
	a.HTTPClient = &http.Client{Transport: transport}
	b.HTTPClient = &http.Client{Transport: transport}
	return func(ctx context.Context) (any, int, error) {
			all, err := a.QueryChanges(ctx, "project:"+project, gerrit.QueryChangesOpt{N: changes, Fields: fields})
			return all, len(all), err
		}, func(ctx context.Context) (any, int, error) {
			all, err := b.QueryChanges(ctx, "project:"+project, build.QueryChangesOpt{N: changes, Fields: fields})
			return all, len(all), err
		}
}

// compare makes pairs of queries, after one of each that isn't counted, and gives the medians of the ratios.
func compare(t *testing.T, how string, pairs int, mine, theirs query) cost {
	t.Helper()
	measure(t, mine)
	measure(t, theirs)
	var ours, other []cost
	for i := range pairs {
		if i%2 == 0 {
			ours, other = append(ours, measure(t, mine)), append(other, measure(t, theirs))
			continue
		}
		other, ours = append(other, measure(t, theirs)), append(ours, measure(t, mine))
	}
	t.Logf("%s: %d changes, %d pairs; minimum / median / maximum", how, changes, pairs)
	ratio := func(what string, of func(cost) float64, scale float64) float64 {
		var a, b, ratios []float64
		for i := range ours {
			a, b = append(a, of(ours[i])*scale), append(b, of(other[i])*scale)
			ratios = append(ratios, a[i]/b[i])
		}
		t.Logf("%-15s ours %s, theirs %s, ratio %s", what, spread("%.1f", a), spread("%.1f", b), spread("%.2f", ratios))
		return median(ratios)
	}
	return cost{
		wall:      ratio("time, ms", func(c cost) float64 { return c.wall }, 1e3),
		cpu:       ratio("CPU, ms", func(c cost) float64 { return c.cpu }, 1e3),
		allocated: ratio("allocated, KiB", func(c cost) float64 { return c.allocated }, 1./1024),
		kept:      ratio("kept, KiB", func(c cost) float64 { return c.kept }, 1./1024),
	}
}

func expect(t *testing.T, what string, ratio, most float64) {
	t.Helper()
	if ratio > most {
		t.Errorf("%s: %.2f times theirs, want at most %.2f", what, ratio, most)
	}
}

// tape answers with what the server answered first.
type tape struct {
	next     http.RoundTripper
	recorded []byte
	header   http.Header
}

// RoundTrip implements http.RoundTripper.
func (p *tape) RoundTrip(r *http.Request) (*http.Response, error) {
	if p.recorded == nil {
		res, err := p.next.RoundTrip(r)
		if err != nil {
			return nil, err
		}
		defer res.Body.Close()
		if p.recorded, err = io.ReadAll(res.Body); err != nil {
			return nil, err
		}
		p.header = res.Header
	}
	return &http.Response{StatusCode: http.StatusOK, Status: "200 OK", Header: p.header.Clone(), Body: io.NopCloser(bytes.NewReader(p.recorded)), Request: r}, nil
}

// measure makes one query. The collector doesn't run meanwhile, so that what it happens to do isn't measured.
func measure(t *testing.T, ask query) (c cost) {
	t.Helper()
	defer debug.SetGCPercent(debug.SetGCPercent(-1))
	before := memory()
	cpu, began := cpuTime(t), time.Now()
	answer, n, err := ask(t.Context())
	c.wall, c.cpu = time.Since(began).Seconds(), cpuTime(t)-cpu
	if err != nil || n != changes {
		t.Fatalf("%d changes, %v; want %d", n, err, changes)
	}
	var after runtime.MemStats
	runtime.ReadMemStats(&after)
	c.allocated = float64(after.TotalAlloc - before.TotalAlloc)
	c.kept = float64(memory().HeapAlloc) - float64(before.HeapAlloc)
	runtime.KeepAlive(answer)
	return c
}

func memory() (m runtime.MemStats) {
	runtime.GC()
	runtime.GC() // what the first has finalised, and the pools' second half
	runtime.ReadMemStats(&m)
	return m
}

func cpuTime(t *testing.T) float64 {
	var u syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &u); err != nil {
		t.Fatal(err)
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano()).Seconds()
}

// fill makes a project with as many changes, of which each fifth has a vote with a message.
func fill(t *testing.T, url string) (project string) {
	t.Helper()
	as := func(user string) *gerrit.Client {
		return gerrit.NewClient(url, gerrit.BasicAuth(user, testservers.Accounts[user]))
	}
	project = "bench-" + strings.ToLower(rand.Text()[:8])
	if _, err := as("admin").CreateProject(t.Context(), project, gerrit.ProjectInput{CreateEmptyCommit: true, Branches: []string{"main"}}); err != nil {
		t.Fatal(err)
	}
	alice, bot := as("alice"), as("ci-bot")
	numbers := make(chan int)
	var writers sync.WaitGroup
	for range 4 {
		writers.Go(func() {
			for i := range numbers {
				c, err := alice.CreateChange(t.Context(), gerrit.ChangeInput{Project: project, Branch: "main", Subject: fmt.Sprintf("Change %d of many", i)})
				if err == nil && i%5 == 0 {
					err = bot.SetReview(t.Context(), c.ID, "current", gerrit.ReviewInput{Labels: map[string]int{"Verified": 1}, Message: "All 40 tasks passed.\n\nhttps://tc.example.org/tasks/groups/AbC"})
				}
				if err != nil {
					t.Error(err)
				}
			}
		})
	}
	for i := range changes {
		numbers <- i
	}
	close(numbers)
	writers.Wait()
	if t.Failed() {
		t.FailNow()
	}
	return project
}

func spread(format string, values []float64) string {
	return fmt.Sprintf(format+" / "+format+" / "+format, slices.Min(values), median(values), slices.Max(values))
}

func median(values []float64) float64 {
	sorted := slices.Sorted(slices.Values(values))
	return sorted[len(sorted)/2]
}
