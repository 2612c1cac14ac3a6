package taskclustertest

// LoseNext has the next message of an exchange, named without its prefix as in
// task-failed, never arrive: publishing is best effort.
func (s *Server) LoseNext(exchange string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.losing[exchange]++
}

// DelayNext keeps the next message of an exchange back until
// [Server.SendDelayed]: a message about one run can come after the next one has
// ended.
func (s *Server) DelayNext(exchange string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.delaying[exchange]++
}

// SendDelayed publishes what was kept back, as it was when it happened.
func (s *Server) SendDelayed() {
	s.mu.Lock()
	s.outbox = append(s.outbox, s.delayed...)
	s.delayed = nil
	s.mu.Unlock()
	s.publish()
}

// SendAgain publishes the message that tells of a task's run once more, with the
// status that the task has now. It is for the states that a run ends in.
func (s *Server) SendAgain(taskID string, run int) error {
	return s.change(taskID, "tell again of", func(t *task) error {
		if run < 0 || run >= len(t.status.Runs) {
			return errNoRun(run)
		}
		s.announce("task-"+t.status.Runs[run].State, t, run)
		return nil
	})
}

// take counts one down, and reports whether there was one.
func take(counts map[string]int, name string) bool {
	if counts[name] == 0 {
		return false
	}
	counts[name]--
	return true
}
