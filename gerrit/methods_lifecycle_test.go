package gerrit_test

import (
	"errors"
	"testing"

	"verdict/gerrit"
)

func workInProgress(t *testing.T, s *site) {
	id := s.change(t)
	must(t, s.alice.SetWorkInProgress(t.Context(), id, "not yet"))
	if !s.detail(t, id).WorkInProgress {
		t.Error("it is none")
	}
	if err := s.alice.SetWorkInProgress(t.Context(), id); !errors.Is(err, gerrit.ErrConflict) {
		t.Errorf("twice: %v", err)
	}
	must(t, s.alice.SetReadyForReview(t.Context(), id))
	if s.detail(t, id).WorkInProgress {
		t.Error("it still is")
	}
	if err := s.alice.SetReadyForReview(t.Context(), id); !errors.Is(err, gerrit.ErrConflict) {
		t.Errorf("ready twice: %v", err)
	}
	if err := s.bob.SetWorkInProgress(t.Context(), id); !errors.Is(err, gerrit.ErrForbidden) {
		t.Errorf("without permission: %v", err)
	}
}

func private(t *testing.T, s *site) {
	id := s.change(t)
	must(t, s.alice.SetPrivate(t.Context(), id, true, "hidden"))
	if _, err := s.bob.GetChange(t.Context(), id); !errors.Is(err, gerrit.ErrChangeNotExist) {
		t.Errorf("bob sees it: %v", err)
	}
	c, err := s.alice.GetChange(t.Context(), id)
	must(t, err)
	if !c.IsPrivate {
		t.Error("it isn't private")
	}
	must(t, s.alice.SetPrivate(t.Context(), id, false))
	if s.detail(t, id).IsPrivate {
		t.Error("it is still private")
	}
}

func abandonAndRestore(t *testing.T, s *site) {
	id := s.change(t)
	must(t, s.bot.AbandonChange(t.Context(), id, "not needed"))
	if got := s.detail(t, id).Status; got != gerrit.ChangeStatusAbandoned {
		t.Errorf("got %s", got)
	}
	if err := s.bot.AbandonChange(t.Context(), id); !errors.Is(err, gerrit.ErrConflict) {
		t.Errorf("twice: %v", err)
	}
	must(t, s.admin.RestoreChange(t.Context(), id, "needed"))
	if got := s.detail(t, id).Status; got != gerrit.ChangeStatusNew {
		t.Errorf("got %s", got)
	}
	if err := s.admin.RestoreChange(t.Context(), id); !errors.Is(err, gerrit.ErrConflict) {
		t.Errorf("restored twice: %v", err)
	}
}

func rebase(t *testing.T, s *site) {
	project := s.newProject(t)
	id := s.newChange(t, project)
	if _, err := s.alice.RebaseChange(t.Context(), id, gerrit.RebaseInput{}); !errors.Is(err, gerrit.ErrConflict) {
		t.Errorf("onto where it is: %v", err)
	}
	base, err := s.alice.CreateChange(t.Context(), gerrit.ChangeInput{Project: project, Branch: "main", Subject: "Another change", Topic: "base"})
	must(t, err)
	before := s.detail(t, id)
	on, err := s.alice.RebaseChange(t.Context(), id, gerrit.RebaseInput{Base: number(base.ChangeNumber)})
	must(t, err)
	after := s.detail(t, id)
	if on.ChangeNumber != after.ChangeNumber || after.CurrentRevision == before.CurrentRevision || base.Topic != "base" {
		t.Errorf("got %+v, based on %+v", on, base)
	}
	related, err := s.bot.GetRelatedChanges(t.Context(), id, "current")
	must(t, err)
	if len(related.Changes) != 2 || int(related.Changes[1].ChangeNumber) != base.ChangeNumber || related.Changes[0].Commit.Subject != "A change" {
		t.Errorf("got %+v", related)
	}
}

func moveAndCherryPick(t *testing.T, s *site) {
	id := s.change(t)
	picked, err := s.admin.CherryPickRevision(t.Context(), id, "current", gerrit.CherryPickInput{Destination: "release/1.0"})
	must(t, err)
	c := s.detail(t, id)
	if picked.Branch != "release/1.0" || picked.CherryPickOfChange != c.ChangeNumber || picked.ChangeNumber == c.ChangeNumber {
		t.Errorf("picked %+v", picked)
	}
	must(t, s.admin.DeleteChange(t.Context(), picked.ID)) // it has the same Change-Id
	moved, err := s.admin.MoveChange(t.Context(), id, gerrit.MoveInput{DestinationBranch: "release/1.0", Message: "there"})
	must(t, err)
	if moved.Branch != "release/1.0" || moved.ChangeNumber != c.ChangeNumber {
		t.Errorf("moved %+v", moved)
	}
	if _, err := s.admin.MoveChange(t.Context(), id, gerrit.MoveInput{DestinationBranch: "release/1.0"}); !errors.Is(err, gerrit.ErrConflict) {
		t.Errorf("moved to where it is: %v", err)
	}
}

func submit(t *testing.T, s *site) {
	id := s.change(t)
	if _, err := s.admin.SubmitChange(t.Context(), id); !errors.Is(err, gerrit.ErrConflict) {
		t.Errorf("one that isn't approved: %v", err)
	}
	must(t, s.admin.SetReview(t.Context(), id, "current", gerrit.ReviewInput{Labels: map[string]int{"Code-Review": 2}}))
	if c := s.detail(t, id); !c.Submittable {
		t.Errorf("it isn't submittable: %+v", c.SubmitRequirements)
	}
	first, err := s.bot.GetChange(t.Context(), id, gerrit.QueryChangesOpt{Fields: []string{"ALL_REVISIONS"}})
	must(t, err)
	for revision, info := range first.Revisions {
		if info.PatchSetNumber != 1 {
			continue
		}
		if _, err := s.admin.SubmitRevision(t.Context(), id, revision); !errors.Is(err, gerrit.ErrConflict) {
			t.Errorf("an older patch set: %v", err)
		}
	}
	merged, err := s.admin.SubmitRevision(t.Context(), id, first.CurrentRevision)
	must(t, err)
	c := s.detail(t, id)
	if merged.Status != gerrit.ChangeStatusMerged || c.Status != gerrit.ChangeStatusMerged || c.Submitted.Time().IsZero() || c.Submitter.Username != "admin" {
		t.Errorf("got %+v", c)
	}
	if _, err := s.admin.SubmitChange(t.Context(), id); !errors.Is(err, gerrit.ErrConflict) {
		t.Errorf("twice: %v", err)
	}
	other := s.change(t)
	must(t, s.admin.SetReview(t.Context(), other, "current", gerrit.ReviewInput{Labels: map[string]int{"Code-Review": 2}}))
	if merged, err := s.admin.SubmitChange(t.Context(), other); err != nil || merged.Status != gerrit.ChangeStatusMerged {
		t.Errorf("whatever is current: got %+v, %v", merged, err)
	}
}
