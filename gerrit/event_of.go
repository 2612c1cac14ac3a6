package gerrit

import (
	"slices"
	"strconv"
)

// What events say is made here of what the REST API says.

func eventChange(c *ChangeInfo) EventChange {
	hashtags := slices.Sorted(slices.Values(c.Hashtags))
	if hashtags == nil {
		hashtags = []string{}
	}
	return EventChange{
		Number: c.ChangeNumber, Project: c.Project, Branch: c.Branch, ChangeID: c.ChangeID, Subject: c.Subject, Status: c.Status,
		Owner: eventAccount(c.Owner), Topic: c.Topic, Hashtags: hashtags, WIP: c.WorkInProgress, Private: c.IsPrivate,
		Created: c.Created.Time(), Updated: c.Updated.Time(),
		CurrentRevision: c.CurrentRevision, CurrentPatchset: c.Revisions[c.CurrentRevision].PatchSetNumber, MetaRevID: c.MetaRevID,
	}
}

func eventPatchset(revision string, r RevisionInfo) EventPatchset {
	return EventPatchset{
		Number: r.PatchSetNumber, Revision: revision, Kind: r.Kind, Ref: r.Ref,
		Created: r.Created.Time(), Uploader: eventAccount(r.Uploader),
	}
}

func currentPatchset(c *ChangeInfo) EventPatchset {
	return eventPatchset(c.CurrentRevision, c.Revisions[c.CurrentRevision])
}

func eventMessage(m *ChangeMessageInfo) EventMessage {
	return EventMessage{ID: m.ID, Date: m.Time.Time(), Author: eventAccount(m.Author), Tag: m.Tag, Text: m.Message}
}

func eventAccount(a *AccountInfo) EventAccount {
	if a == nil {
		return EventAccount{}
	}
	return EventAccount{ID: a.NumericID, Name: a.Name, Email: a.Email, Username: a.Username}
}

func decimal(n int64) string { return strconv.FormatInt(n, 10) }
