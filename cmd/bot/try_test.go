package main

import (
	"encoding/json"
	"os"
	"path/filepath"
	"reflect"
	"testing"

	"verdict/internal/app/trial"
	"verdict/internal/store"
	"verdict/rules"
)

func TestARecordingIsTriedWithAllThatItKeeps(t *testing.T) {
	spent := map[string][]rules.Spent{"graphics/once": {{Key: "comment:1", EventID: "earlier"}}}
	data, err := json.Marshal(trial.Recording{
		Version: trial.RecordingVersion, Event: trial.Event{ID: "e", Source: "gerrit", Type: "change-merged", Body: []byte("{}")}, Facts: []byte("{}"),
		Link: &trial.Link{Server: "main", Change: 7, Patchset: 2}, Spent: spent,
	})
	file := filepath.Join(t.TempDir(), "recording.json")
	if err != nil || os.WriteFile(file, data, 0o600) != nil {
		t.Fatal(err)
	}
	var tried trying
	err = (&tryOptions{event: file}).gather(t.Context(), nil, nil, nil, &tried)
	if err != nil || !reflect.DeepEqual(tried.Spent, spent) || !reflect.DeepEqual(tried.Link, &store.Link{Server: "main", Change: 7, Patchset: 2}) {
		t.Errorf("what once kept back is %+v, the link %+v, %v", tried.Spent, tried.Link, err)
	}
}
