package main

import (
	"os"
	"path/filepath"
	"runtime"
	"testing"

	"verdict/internal/app/ruleset"
	"verdict/rules"
	"verdict/rules/rulestest"
)

// writeMany writes teams.yaml and the rules of teams into a folder.
func writeMany(t testing.TB, teams, n int) string {
	t.Helper()
	dir := t.TempDir()
	files, grants := rulestest.Many(teams, n)
	files["../teams.yaml"] = grants
	for name, text := range files {
		path := filepath.Join(dir, "rules", name)
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, text, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return filepath.Join(dir, "rules")
}

// BenchmarkCheckTenThousand is bot check on 10 000 rules of 200 teams: within 8 s on two cores.
func BenchmarkCheckTenThousand(b *testing.B) {
	dir := writeMany(b, 200, 10_000)
	b.ReportAllocs()
	for b.Loop() {
		found, n, err := check([]string{dir}, "", "")
		if err != nil || n != 10_000 || rules.HasErrors(found) {
			b.Fatal(found, n, err)
		}
	}
}

// TestTenThousandRulesKeepLittle holds what the bot keeps of 10 000 rules of 200 teams: the process has 160 MiB for twice
// of it, since the collector needs room.
func TestTenThousandRulesKeepLittle(t *testing.T) {
	if testing.Short() {
		t.Skip("loads 10 000 rules")
	}
	files, grants := rulestest.Many(200, 10_000)
	teams, found := rules.LoadTeams("teams.yaml", grants)
	if len(found) > 0 {
		t.Fatal(found)
	}
	before := kept()
	set, found := ruleset.Load(rules.Sources{Files: files, Teams: teams})
	after := kept()
	if rules.HasErrors(found) || len(set.Rules()) != 10_000 {
		t.Fatal(len(set.Rules()), found)
	}
	t.Logf("%d MiB are kept", (after-before)>>20)
	if after-before > 75<<20 {
		t.Errorf("10 000 rules keep %d MiB, more than 75", (after-before)>>20)
	}
	runtime.KeepAlive(set)
}

func kept() uint64 {
	runtime.GC()
	runtime.GC()
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return m.HeapAlloc
}
