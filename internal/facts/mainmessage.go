package facts

import (
	"context"
	"errors"
	"regexp"

	"verdict/gerrit"
	"verdict/internal/store"
)

// withComments is the line by which Gerrit says that comments came with a message.
var withComments = regexp.MustCompile(`(?m)^\(\d+ comments?\)$`)

// MainMessage is what somebody said with a message on a change as a whole: the message's own text, and what Gerrit's pages make
// of the answer that one writes there, which is a comment on the patchset. Comments on files are no part of it.
func (f *Session) MainMessage(ctx context.Context, e *gerrit.Event) (string, error) {
	text := e.Message.Text
	g, ok := f.s.Gerrit[e.Server]
	if !ok || f.s.Recorded != nil || !withComments.MatchString(text) {
		return text, nil
	}
	link := store.Link{Server: e.Server, Project: e.Change.Project, Change: e.Change.Number}
	comments, err := g.ListChangeComments(ctx, changeID(link))
	if err != nil {
		if err = none(err, gerrit.ErrResourceNotExist); errors.Is(err, ErrNone) {
			return text, nil
		}
		return "", err
	}
	for _, c := range comments[gerrit.PatchSetLevel] {
		if c.ChangeMessageID == e.Message.ID {
			text += "\n" + c.Message
		}
	}
	return text, nil
}
