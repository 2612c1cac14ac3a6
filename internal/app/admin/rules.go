package admin

import (
	"context"
	"fmt"
	"time"

	"verdict/internal/app/ruleset"
	"verdict/internal/store"
)

// RuleSet is a set of rules as it was published.
type RuleSet struct {
	Hash      string    `json:"hash"`
	Commit    string    `json:"commit,omitempty"`
	Author    string    `json:"author,omitempty"`
	Subject   string    `json:"subject,omitempty"`
	Committed time.Time `json:"committed,omitzero"`
	Published time.Time `json:"published"`
	Replica   string    `json:"replica"`
	Rules     int       `json:"rules"`
	// Changed are the teams whose files are others than in the set before; the grants are "teams.yaml".
	Changed []string `json:"changed"`
	// Broken holds what was wrong with the teams whose last good files were taken.
	Broken map[string][]string `json:"broken,omitempty"`
	// Pinned says that all replicas are kept on it.
	Pinned bool `json:"pinned,omitempty"`
}

// Rollback asks for a set that was published, by its hash or commit or the beginning of either.
type Rollback struct {
	To     string `json:"to"`
	Reason string `json:"reason,omitempty"`
	By     string `json:"by,omitempty"`
}

const mostSets = 50

// RulesLog lists the sets that were published, the newest first; 50 where limit is zero.
func (d *Desk) RulesLog(ctx context.Context, limit int) ([]RuleSet, error) {
	if limit <= 0 {
		limit = mostSets
	}
	from, err := d.Store.RuleSource(ctx)
	if err != nil {
		return nil, err
	}
	found, err := d.Store.Publications(ctx, limit)
	if err != nil {
		return nil, err
	}
	sets := make([]RuleSet, 0, len(found))
	for _, p := range found {
		set, err := viewRuleSet(p)
		if err != nil {
			return nil, err
		}
		set.Pinned = p.Seq == from.Pin.Seq
		sets = append(sets, set)
	}
	return sets, nil
}

// Rollback puts a published set into force for all replicas, over restarts, until ReleaseRules.
func (d *Desk) Rollback(ctx context.Context, r Rollback) (RuleSet, error) {
	p, err := d.Store.PublicationOf(ctx, r.To)
	if err != nil {
		return RuleSet{}, absent(err, fmt.Sprintf("no set of rules has a hash or commit that begins with %q; bot rules log lists them", r.To))
	}
	if err := d.Store.PinRules(ctx, store.Pin{Seq: p.Seq, By: r.By, Reason: r.Reason}); err != nil {
		return RuleSet{}, err
	}
	set, err := viewRuleSet(p)
	set.Pinned = true
	return set, err
}

// ReleaseRules ends a rollback.
func (d *Desk) ReleaseRules(ctx context.Context) error {
	if err := d.Store.ReleaseRules(ctx); err != nil {
		return absent(fmt.Errorf("release the rules: %w", err), "the rules are not rolled back: those of folder or repository are in force")
	}
	return nil
}

func viewRuleSet(p store.Publication) (RuleSet, error) {
	report, err := ruleset.ReportOf(p)
	if err != nil {
		return RuleSet{}, err
	}
	set := RuleSet{
		Hash: p.Hash, Commit: p.Commit, Author: p.Author, Subject: p.Subject, Committed: p.Committed, Published: p.Published,
		Replica: p.Replica, Rules: report.Rules, Changed: []string{}, Broken: report.Broken,
	}
	for _, team := range report.Changed {
		if team == "" {
			team = "teams.yaml"
		}
		set.Changed = append(set.Changed, team)
	}
	return set, nil
}

// addSource adds to a status what the store knows of the rules: since when teams are broken, and the pin.
func (d *Desk) addSource(ctx context.Context, s *Status) error {
	for _, p := range s.Problems {
		if p.Name == ruleset.BrokenRules && len(s.Rules.Broken[p.Team]) > 0 {
			if s.Rules.BrokenSince == nil {
				s.Rules.BrokenSince = map[string]time.Time{}
			}
			s.Rules.BrokenSince[p.Team] = p.Since
		}
	}
	from, err := d.Store.RuleSource(ctx)
	if err != nil {
		return err
	}
	if r := s.Rules.Source; r != nil {
		r.Head, r.Fetched, r.Error, r.Failures, r.Failing, r.Next = from.Head, from.Fetched, from.Error, from.Failures, from.Failing, from.Due
		if r.Error != "" {
			s.Degraded = append(s.Degraded, r.Error+"; the rules before stay in force")
		}
	}
	if from.Pin.Seq == 0 {
		return nil
	}
	p, err := d.Store.Publication(ctx, from.Pin.Seq)
	if err != nil {
		return err
	}
	s.Rules.Pin = &Pin{By: from.Pin.By, Reason: from.Pin.Reason, Since: from.Pin.Since, Hash: p.Hash, Commit: p.Commit}
	return nil
}
