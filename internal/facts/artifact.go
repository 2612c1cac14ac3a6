package facts

import (
	"context"
	"errors"
	"fmt"
	"unicode/utf8"

	"verdict/taskcluster"
)

// largestArtifact is how many bytes of text a rule may ask for: they are kept with the decision.
const largestArtifact = 64 << 10

// UnreadableError says that an artifact is there and can't be had as a text, however often it is asked for.
type UnreadableError struct{ error }

func (e *UnreadableError) Unwrap() error { return e.error }

// artifact is one that was asked for; there is false where the run has none of that name.
type artifact struct {
	text  string
	there bool
	err   error // an *UnreadableError
}

// Artifact is the text of an artifact of the event's run; there is false where the run has none, or one that stands for
// an error. The zero caller asks as anybody may. It is fetched once a session. An *UnreadableError won't change; other
// errors are worth another try.
func (f *Session) Artifact(ctx context.Context, name string, caller taskcluster.Caller) (text string, there bool, err error) {
	if f.s.Recorded != nil {
		return f.recordedArtifact(name)
	}
	if a, ok := f.artifacts[name]; ok {
		return a.text, a.there, a.err
	}
	a, err := f.fetchArtifact(ctx, name, caller)
	if err != nil {
		return "", false, fmt.Errorf("fetch the artifact %s: %w", name, err)
	}
	if f.artifacts == nil {
		f.artifacts = map[string]artifact{}
	}
	f.artifacts[name] = a
	return a.text, a.there, a.err
}

func (f *Session) fetchArtifact(ctx context.Context, name string, caller taskcluster.Caller) (artifact, error) {
	if _, err := f.Status(ctx); errors.Is(err, ErrNone) {
		return artifact{}, nil
	} else if err != nil {
		return artifact{}, err
	}
	run := f.run()
	if run < 0 {
		return artifact{}, nil
	}
	content, err := f.s.Queue.Artifact(ctx, f.about.TaskID, run, name, caller, largestArtifact)
	switch {
	case err == nil && !utf8.Valid(content):
		return artifact{err: &UnreadableError{errors.New("it is no text in UTF-8")}}, nil
	case errors.Is(err, taskcluster.ErrNotFound), errors.Is(err, taskcluster.ErrArtifact):
		return artifact{}, nil
	case errors.Is(err, taskcluster.ErrTooLarge):
		return artifact{err: &UnreadableError{fmt.Errorf("it is larger than %d KiB", largestArtifact>>10)}}, nil
	case errors.Is(err, taskcluster.ErrArtifactHost):
		return artifact{err: &UnreadableError{fmt.Errorf("%w: an administrator may add it to taskcluster.artifactHosts", err)}}, nil
	case errors.Is(err, taskcluster.ErrScopes), errors.Is(err, taskcluster.ErrInvalid):
		return artifact{err: &UnreadableError{err}}, nil
	case err != nil:
		return artifact{}, err
	}
	return artifact{text: string(content), there: true}, nil
}

func (f *Session) recordedArtifact(name string) (text string, there bool, err error) {
	all, _ := f.s.Recorded["artifacts"].(map[string]any)
	v, ok := all[name]
	if !ok {
		return "", false, &MissingError{Fact: fmt.Sprintf("artifact(%q)", name), Why: "it is not in the recording: record the event again"}
	}
	text, there = v.(string)
	return text, there, nil
}
