package gerrit

import "testing"

func TestWasSeenReadsWhatALookKept(t *testing.T) {
	c := &ChangeInfo{
		ChangeNumber: 7, Project: "platform/gfx", Branch: "main", Status: ChangeStatusMerged, CurrentRevision: "b",
		Revisions: map[string]RevisionInfo{"a": {PatchSetNumber: 1}, "b": {PatchSetNumber: 2}},
	}
	seen, err := snapshotOf(c).seen(0, "m")
	if err != nil {
		t.Fatal(err)
	}
	change, current, err := WasSeen(seen.Body)
	if err != nil || change.Number != 7 || change.Project != c.Project || change.Branch != c.Branch || change.Status != c.Status || current.Number != 2 || current.Revision != "b" {
		t.Errorf("read %+v, %+v, %v", change, current, err)
	}
	if _, _, err := WasSeen([]byte("{oh")); err == nil {
		t.Error("what is no JSON was read")
	}
}
