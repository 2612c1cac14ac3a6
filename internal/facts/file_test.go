package facts

import (
	"context"
	"testing"

	"verdict/gerrit"
	"verdict/internal/store"
	"verdict/rules"
)

// oneFile is a Gerrit whose every revision has a file that tells which it is of.
type oneFile struct {
	Gerrit
	asked int
}

func (oneFile) GetChangeDetail(context.Context, string, ...gerrit.QueryChangesOpt) (*gerrit.ChangeInfo, error) {
	return &gerrit.ChangeInfo{}, nil
}

func (g *oneFile) GetRevisionFileContent(_ context.Context, _, revision, _ string) ([]byte, error) {
	g.asked++
	return []byte("of " + revision), nil
}

// Of two rules one may take an event for another change than the other.
func TestAFileIsOfThePatchsetThatTheRuleLooksAt(t *testing.T) {
	server := &oneFile{}
	f := (&Source{Gerrit: map[string]Gerrit{"main": server}}).Session(About{})
	name := rules.TaskFileFact + ".taskcluster.yml"
	for range 2 {
		for change, revision := range map[int]string{1: "a1", 2: "b2"} {
			known, err := f.Fetch(t.Context(), store.Link{Server: "main", Change: change, Revision: revision}, true, []string{name})
			if err != nil {
				t.Fatal(err)
			}
			if file, _ := known[name].(map[string]any); file["text"] != "of "+revision {
				t.Errorf("of change %d it is %v, want that of %s", change, known, revision)
			}
		}
	}
	if server.asked != 2 {
		t.Errorf("it was asked for %d times, want once a patchset", server.asked)
	}
}
