package trial

import (
	"testing"
	"time"

	"verdict/internal/ingest"
	"verdict/rules"
)

func TestATickFromAFileIsTheOneThatTheClockTells(t *testing.T) {
	f, err := ReadFile(t.Context(), []byte(`{"cron": "0 6 * * *", "server": "main", "query": "status:open", "scheduled": "2026-01-05T07:00:00+01:00"}`), "")
	if err != nil {
		t.Fatal(err)
	}
	want, err := ingest.TickEvent(rules.Tick{Cron: "0 6 * * *", Zone: "UTC", Server: "main", Query: "status:open"}, time.Date(2026, 1, 5, 6, 0, 0, 0, time.UTC))
	if err != nil || f.Event.ID != want.ID || string(f.Event.Body) != string(want.Body) {
		t.Errorf("got %s %s, want %s %s, %v", f.Event.ID, f.Event.Body, want.ID, want.Body, err)
	}
}
