package main

import (
	"bytes"
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"testing"

	"verdict/taskcluster/codegenerator/model"
)

// referenceFile is a file of references that is kept beside the repository.
func referenceFile(t testing.TB, name string) string {
	t.Helper()
	file := filepath.Join("..", "..", "..", "shared", "reference", name)
	if _, err := os.Stat(file); err != nil {
		t.Skipf("the references aren't there, so nothing is compared with them: %v", err)
	}
	return file
}

// generateAll generates from both files of references, into memory.
func generateAll(t *testing.T) map[string][]byte {
	t.Helper()
	var both [2]*model.References
	for i, name := range []string{"references.json", "references-2018.json"} {
		documents, err := model.ReadFile(referenceFile(t, name))
		if err != nil {
			t.Fatal(err)
		}
		if both[i], err = model.New(documents); err != nil {
			t.Fatal(err)
		}
	}
	files, err := generate(both[0], both[1])
	if err != nil {
		t.Fatal(err)
	}
	return files
}

func TestCommittedCodeIsWhatIsGenerated(t *testing.T) {
	want := generateAll(t)
	got, err := generated(filepath.Join("..", "api"))
	if err != nil {
		t.Fatal(err)
	}
	for name, text := range want {
		switch committed, there := got[name]; {
		case !there:
			t.Errorf("taskcluster/api/%s is missing; run make generate", name)
		case !bytes.Equal(committed, text):
			t.Errorf("taskcluster/api/%s isn't what the references give: %s; run make generate", name, firstDifference(committed, text))
		}
	}
	for name := range got {
		if _, there := want[name]; !there {
			t.Errorf("taskcluster/api/%s is no longer generated; run make generate", name)
		}
	}
}

// firstDifference is the first line that isn't the same.
func firstDifference(got, want []byte) string {
	gotLines, wantLines := bytes.Split(got, []byte("\n")), bytes.Split(want, []byte("\n"))
	for i, line := range wantLines {
		if i >= len(gotLines) {
			return "it ends before " + string(line)
		}
		if !bytes.Equal(gotLines[i], line) {
			return "it has " + string(gotLines[i]) + " instead of " + string(line)
		}
	}
	return "it goes on behind its end"
}

func TestGenerateTwiceGivesTheSameBytes(t *testing.T) {
	first, second := generateAll(t), generateAll(t)
	if len(first) != len(second) {
		t.Fatalf("%d files, then %d", len(first), len(second))
	}
	for name, text := range first {
		if !bytes.Equal(text, second[name]) {
			t.Errorf("%s: %s", name, firstDifference(second[name], text))
		}
	}
}

func TestDeploymentGivesTheSameAsItsFile(t *testing.T) {
	documents, err := model.ReadFile(referenceFile(t, "references.json"))
	if err != nil {
		t.Fatal(err)
	}
	served := map[string]json.RawMessage{}
	for _, d := range documents {
		served["/"+d.Filename] = d.Content
	}
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		text, ok := served[r.URL.Path]
		if !ok {
			http.NotFound(w, r)
			return
		}
		w.Write(text)
	}))
	defer server.Close()
	out := t.TempDir()
	if err := run(sources{root: server.URL, past: referenceFile(t, "references-2018.json")}, out); err != nil {
		t.Fatal(err)
	}
	got, err := generated(out)
	if err != nil {
		t.Fatal(err)
	}
	want := generateAll(t)
	for name, text := range want {
		if !bytes.Equal(got[name], text) {
			t.Errorf("%s: %s", name, firstDifference(got[name], text))
		}
	}
	if len(got) != len(want) {
		t.Errorf("%d files, want %d", len(got), len(want))
	}
}

func TestRunWantsOneSource(t *testing.T) {
	for _, from := range []sources{{}, {today: "a.json", root: "https://tc.example.org"}} {
		if err := run(from, t.TempDir()); err == nil {
			t.Errorf("%+v is taken", from)
		}
	}
}

func TestWriteLeavesOtherFilesAlone(t *testing.T) {
	out := t.TempDir()
	keep := map[string]string{
		"exchanges/exchanges.go": "// Package exchanges is written by hand.\npackage exchanges\n",
		"README.md":              header,
	}
	for name, text := range keep {
		full := filepath.Join(out, name)
		if err := os.MkdirAll(filepath.Dir(full), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(full, []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	if err := write(out, map[string][]byte{"tcgone/client.go": []byte(header), "tcqueue/client.go": []byte(header + "// one\n")}); err != nil {
		t.Fatal(err)
	}
	if err := write(out, map[string][]byte{"tcqueue/client.go": []byte(header + "// two\n")}); err != nil {
		t.Fatal(err)
	}
	got, err := generated(out)
	if err != nil {
		t.Fatal(err)
	}
	if len(got) != 1 || string(got["tcqueue/client.go"]) != header+"// two\n" {
		t.Errorf("after the second time there is %q, want tcqueue/client.go as written last", got)
	}
	for name, text := range keep {
		if now, err := os.ReadFile(filepath.Join(out, name)); err != nil || string(now) != text {
			t.Errorf("%s is %q, %v; want it as it was", name, now, err)
		}
	}
}
