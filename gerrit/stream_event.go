package gerrit

import (
	"encoding/json"
	"errors"
	"fmt"
	"strconv"
)

// StreamTypes are the types of a stream's events that are told of a change. The
// server's own names differ from those of Events in one: wip-state-changed.
var StreamTypes = []string{
	PatchsetCreated, CommentAdded, "vote-deleted", "reviewer-added", "reviewer-deleted", HashtagsChanged, TopicChanged,
	"wip-state-changed", PrivateStateChanged, ChangeAbandoned, ChangeRestored, ChangeMerged, ChangeDeleted,
}

// droppedOutput is what a server says, asked or not, when it left events out
// because they weren't read in time.
const droppedOutput = "dropped-output"

var errNoEvent = errors.New("gerrit: not an event")

// ParseEvent reads an event as a stream and the webhooks plugin tell it. Change
// is 0 where it is about none, such as a branch.
func ParseEvent(text []byte) (Hint, error) {
	var e struct {
		Type    string `json:"type"`
		Project any    `json:"project"` // an object in some types
		Change  *struct {
			Project string      `json:"project"`
			Number  json.Number `json:"number"`
		} `json:"change"`
	}
	if err := json.Unmarshal(text, &e); err != nil {
		return Hint{}, fmt.Errorf("%w: %w", errNoEvent, err)
	}
	if e.Type == "" {
		return Hint{}, fmt.Errorf("%w: it has no type", errNoEvent)
	}
	if e.Change == nil {
		return Hint{Type: e.Type}, nil
	}
	number, err := strconv.Atoi(e.Change.Number.String())
	if err != nil || number <= 0 {
		return Hint{}, fmt.Errorf("%w: %q is no change's number", errNoEvent, e.Change.Number)
	}
	return Hint{Type: e.Type, Project: e.Change.Project, Change: number}, nil
}
