package app

import (
	"fmt"

	"verdict/internal/app/admin"
)

// status tells how each way goes by which the server's events come in, and what is away.
func (s *gerritSource) status() (sources []admin.Source, trouble []string) {
	s.mu.Lock()
	h, hooked, missed := s.health, s.hooked, s.missed
	s.mu.Unlock()
	polls := admin.Source{Name: "gerrit:" + s.name, Connected: h.ok, Since: h.since, Error: h.err}
	if !h.ok && h.err != "" {
		trouble = append(trouble, "gerrit "+s.name+" is away: "+h.err)
	}
	if s.hinted() {
		n := s.poller.Counts()
		polls.Found = &admin.Found{Hinted: n.Hinted, Polled: n.Polled, Missed: missed + s.lookout.Dropped()}
	}
	sources = append(sources, polls)
	if s.stream != nil {
		st := s.stream.Status()
		stream := admin.Source{Name: polls.Name + "/stream", Connected: st.Connected, Since: st.Since, LastEvent: st.LastEvent}
		if st.Err != nil {
			stream.Error = st.Err.Error()
			trouble = append(trouble, fmt.Sprintf("gerrit %s: no stream, polls go on: %s", s.name, stream.Error))
		}
		sources = append(sources, stream)
	}
	if s.hook != nil {
		hook := admin.Source{Name: polls.Name + "/webhook", Connected: true, Since: s.began, LastEvent: hooked.last}
		if hooked.refused.After(hooked.last) { // which anybody can bring about, so nothing is degraded
			hook.Error = "the last was refused: " + hooked.why
		}
		sources = append(sources, hook)
	}
	return sources, trouble
}
