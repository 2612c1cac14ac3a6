package app

import (
	"context"
	"fmt"
	"maps"
	"slices"

	"verdict/internal/app/admin"
	"verdict/internal/app/rulegit"
	"verdict/internal/store"
	"verdict/pulse"
)

// serveAdmin answers on the admin socket.
func (b *bot) serveAdmin(ctx context.Context) error {
	desk := &admin.Desk{Store: b.store, Version: b.version, Instance: b.cfg.Instance, Process: b.status, Contact: b.rules.Contact, Passed: b.decider.Passed,
		Stranger: b.stranger}
	return admin.Serve(ctx, b.socket, b.cfg.Admin.Socket, desk)
}

// status tells what only this process knows.
func (b *bot) status(context.Context) admin.Status {
	active := b.rules.Active()
	s := admin.Status{
		Running: true, Mode: string(b.cfg.Mode), Started: b.started, Degraded: []string{}, Replicas: []admin.Replica{},
		Rules: admin.Rules{
			Hash: active.Set.Hash(), Loaded: active.Loaded, Count: len(active.Set.Rules()), Broken: active.Broken, Commit: active.Published.Commit,
			Author: active.Published.Author, Subject: active.Published.Subject, Committed: active.Published.Committed,
		},
	}
	if g := b.cfg.Rules.Git; g.URL != "" {
		s.Rules.Source = &admin.RuleSource{URL: rulegit.Safe(g.URL), Branch: g.Branch}
	}
	for _, r := range b.replicas.alive() {
		s.Replicas = append(s.Replicas, viewReplica(r))
	}
	if b.consumer != nil {
		source, trouble := b.pulseSource(b.consumer.Status())
		s.Sources, s.Degraded = append(s.Sources, source), append(s.Degraded, trouble...)
	}
	for _, name := range slices.Sorted(maps.Keys(b.cfg.Gerrit)) {
		sources, trouble := b.polls.sources[name].status()
		s.Sources, s.Degraded = append(s.Sources, sources...), append(s.Degraded, trouble...)
	}
	if err := b.loads.error(); err != "" {
		s.Degraded = append(s.Degraded, "the changed rules can't be loaded: "+err)
	}
	for _, team := range slices.Sorted(maps.Keys(active.Broken)) {
		s.Degraded = append(s.Degraded, brokenLine(team, len(active.Broken[team])))
	}
	return s
}

func brokenLine(team string, errors int) string {
	if team == "" {
		return fmt.Sprintf("rules: %d errors that belong to no team", errors)
	}
	return fmt.Sprintf("rules of team %s: %d errors", team, errors)
}

func viewReplica(r store.Replica) admin.Replica {
	return admin.Replica{ID: r.ID, Set: r.SetHash, Seen: r.Seen}
}

func (b *bot) pulseSource(p pulse.Status) (source admin.Source, trouble []string) {
	source = admin.Source{Name: "pulse", Connected: p.Connected, Since: p.Since}
	if !p.Inspected.IsZero() {
		source.Depth = &p.Ready
	}
	if !p.Connected {
		source.Error = p.LastError
		trouble = append(trouble, "pulse is away: "+p.LastError)
	}
	for _, binding := range p.Bindings {
		line := binding.Exchange + " " + binding.RoutingKey
		if binding.Err != "" {
			trouble = append(trouble, "pulse: "+line+" can't be bound: "+binding.Err)
		}
		source.Bindings = append(source.Bindings, line)
	}
	if p.Stalled {
		trouble = append(trouble, "pulse: messages can't be stored, nothing goes on")
	}
	if p.Foreign {
		trouble = append(trouble, "pulse: somebody else reads from our queue; give each bot an instance name of its own")
	}
	return source, trouble
}

// notice logs what happens to the connection.
func (b *bot) notice(n pulse.Notice) {
	line := b.log.Info()
	switch n.Kind {
	case pulse.Disconnected, pulse.ConnectFailed, pulse.BindingMissing, pulse.HandleFailed:
		line = b.log.Warn()
	case pulse.Gap:
		if n.Since.IsZero() { // this process never saw it: at a bot's first start it is simply new
			line.Msg("pulse: the queue was declared; nothing was kept for us before")
			return
		}
		line = b.log.Error()
	case pulse.ForeignConsumers:
		line = b.log.Error()
	}
	if n.Exchange != "" {
		line = line.Str("exchange", n.Exchange)
	}
	if !n.Since.IsZero() {
		line = line.Time("since", n.Since)
	}
	if n.Consumers > 0 {
		line = line.Int("consumers", n.Consumers)
	}
	line.Err(n.Err).Msg("pulse: " + string(n.Kind))
}
