package chaos

import (
	"maps"
	"slices"
	"strings"
	"sync"
	"testing"
)

// tales are stories of which some kinds of points matter, from their turn on.
var tales = map[string]struct {
	tell  func(*testing.T, *world, strike) (*bot, bool)
	kinds []string
	least int // so many points there are
}{
	"edit":       {edited, []string{"rules.", "problems."}, 6},
	"commit":     {committed, []string{"rules.", "problems."}, 8},
	"tick":       {ticked, []string{"ingest.cron.", "decide."}, 6},
	"guard":      {guarded, []string{"deliver.StartActions", "problems."}, 3},
	"ok to test": {released, []string{"ingest.gerrit.", "decide.", "deliver.StartActions", "taskcluster."}, 6},
}

func TestKilledInATaleDoesAndTellsEachThingOnce(t *testing.T) {
	var mu sync.Mutex
	var points []string
	each(t, slices.Collect(maps.Keys(tales)), func(t *testing.T, name string) {
		tale := tales[name]
		quiet, _ := tale.tell(t, newWorld(t), strike{})
		found := slices.DeleteFunc(between(quiet.trace()[quiet.turn:]), func(point string) bool {
			return !slices.ContainsFunc(tale.kinds, func(kind string) bool { return strings.HasPrefix(point, kind) })
		})
		if len(found) < tale.least {
			t.Errorf("points %q, want %d or more", found, tale.least)
		}
		mu.Lock()
		defer mu.Unlock()
		for _, point := range found {
			points = append(points, name+"/"+point)
		}
	})
	each(t, points, func(t *testing.T, point string) {
		name, at, _ := strings.Cut(point, "/")
		killedAt(t, at, tales[name].tell, func(*world) {})
	})
}
