package deliver

import (
	"slices"
	"testing"
	"testing/synctest"
	"time"
)

func TestAServerHasSoManyWorkersAndNoMore(t *testing.T) {
	var tr trouble
	wantAvoided(t, &tr, "nobody works")
	tr.enter("main~1")
	tr.enter("partner~1")
	tr.enter("partner~2")
	wantAvoided(t, &tr, "partner has both its workers", "partner")
	tr.leave("partner~1")
	wantAvoided(t, &tr, "one of partner's came back")
}

func TestAServerInTroubleIsLeftAloneButForOneTryNowAndThen(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var tr trouble
		for _, lane := range []string{"partner~1", "partner~2"} {
			tr.enter(lane)
			if wait := tr.note(lane); wait < time.Second || wait > 1250*time.Millisecond {
				t.Errorf("the first failure of %s holds it for %s, want 1 s and a quarter at most", lane, wait)
			}
			tr.leave(lane)
		}
		wantAvoided(t, &tr, "it failed just now", "partner")
		time.Sleep(1250 * time.Millisecond) // both failed at the same time: that is one failure of the server
		wantAvoided(t, &tr, "it is time for a try")
		tr.enter("partner~1")
		wantAvoided(t, &tr, "somebody tries", "partner")
		tr.note("partner~1")
		tr.leave("partner~1")
		time.Sleep(1900 * time.Millisecond)
		wantAvoided(t, &tr, "the second failure counts for 2 s", "partner")
		time.Sleep(time.Second)
		tr.enter("partner~1")
		tr.clear("partner~1")
		wantAvoided(t, &tr, "it works again, and there is a worker to spare")
	})
}

func wantAvoided(t *testing.T, tr *trouble, when string, want ...string) {
	t.Helper()
	if got := tr.avoid(2); !slices.Equal(got, want) {
		t.Errorf("%s: lanes of %q are left alone, want %q", when, got, want)
	}
}
