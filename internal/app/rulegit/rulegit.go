// Package rulegit fetches the rule files of one branch of a git repository.
//
// It fetches one commit, without its history, into memory, and nothing else is kept: the next fetch begins anew, so a
// branch that was forced to another history is like any other. What a commit may take is bounded, and so is the time.
// What the files mean is left to rules, which commit is in force to ruleset. It persists nothing. internal/app calls
// it.
package rulegit

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"time"

	"github.com/go-git/go-git/v5/plumbing"
	"github.com/go-git/go-git/v5/plumbing/format/pktline"
	"github.com/go-git/go-git/v5/plumbing/protocol/packp"
	"github.com/go-git/go-git/v5/plumbing/protocol/packp/capability"
	"github.com/go-git/go-git/v5/plumbing/protocol/packp/sideband"

	"verdict/internal/app/rulefiles"
)

// Repository is a repository of rules.
type Repository struct {
	// URL is https://, ssh://, user@host:path or, for one on this machine, file://; no password in it.
	URL, Branch string
	// Dir is the folder of the rules in it, Teams the path of teams.yaml; an empty Teams isn't looked for.
	Dir, Teams string
	// Key gives the private key, for ssh, or the password of the URL's user, for https; nil: there is none.
	Key func() (string, error)
	// KnownHostsFile holds the keys of an ssh server.
	KnownHostsFile string
	// TLS says which certificates are trusted; nil: the system's.
	TLS *tls.Config

	limits limits
}

// Commit is what a commit holds.
type Commit struct {
	ID, Author, Subject string
	Time                time.Time
	// Files are those below Dir, by their path in it; Refused says of the others why they were not read, as rulefiles does.
	Files   map[string][]byte
	Refused map[string]string
	// Teams is teams.yaml.
	Teams []byte
}

// limits bound a commit. Ten thousand rules of 200 teams are 5 MB, and 1 MB in a pack.
type limits struct {
	refs    int64 // what the server may tell of its branches
	pack    int64 // what it may send
	content int64 // what that may unpack to
	objects int
}

var usual = limits{refs: 64 << 20, pack: 32 << 20, content: 128 << 20, objects: 100_000}

// timeout is how long a fetch may take.
const timeout = 2 * time.Minute

// ErrNoBranch means that the repository has no such branch.
var ErrNoBranch = errors.New("no such branch")

// Head tells which commit the branch is at.
func (r *Repository) Head(ctx context.Context) (id string, err error) {
	err = r.ask(ctx, func(_ context.Context, _ conversation, refs *packp.AdvRefs) error {
		id = refs.References[r.ref()].String()
		return nil
	})
	return id, err
}

// Fetch gives what the branch is at.
func (r *Repository) Fetch(ctx context.Context) (c *Commit, err error) {
	err = r.ask(ctx, func(ctx context.Context, with conversation, refs *packp.AdvRefs) error {
		id := refs.References[r.ref()]
		pack, err := r.pack(ctx, with, refs, id)
		if err != nil {
			return err
		}
		objects, err := unpack(pack, r.bounds())
		if err != nil {
			return err
		}
		c, err = r.read(objects, id)
		return err
	})
	return c, err
}

func (r *Repository) ref() string { return "refs/heads/" + r.Branch }

func (r *Repository) bounds() limits {
	if r.limits == (limits{}) {
		return usual
	}
	return r.limits
}

// ask speaks with the server, once it has told its branches.
func (r *Repository) ask(ctx context.Context, do func(context.Context, conversation, *packp.AdvRefs) error) (err error) {
	ctx, cancel := context.WithTimeout(ctx, timeout)
	defer cancel()
	with, err := r.connect(ctx)
	if err != nil {
		return fmt.Errorf("fetch rules: %w", err)
	}
	defer func() {
		said := with.close()
		switch {
		case err == nil:
		case ctx.Err() != nil:
			err = fmt.Errorf("fetch rules: %w", ctx.Err())
		case said != "" && !errors.Is(err, ErrNoBranch):
			err = fmt.Errorf("fetch rules: %w: the server says %q", err, said)
		default:
			err = fmt.Errorf("fetch rules: %w", err)
		}
	}()
	told, err := with.refs(ctx)
	if err != nil {
		return err
	}
	refs := packp.NewAdvRefs()
	if err := refs.Decode(&limited{told, r.bounds().refs, "the list of its branches"}); err != nil {
		if errors.Is(err, packp.ErrEmptyAdvRefs) {
			return fmt.Errorf("the repository is empty: %w %q", ErrNoBranch, r.Branch)
		}
		return fmt.Errorf("read its branches: %w", err)
	}
	if _, ok := refs.References[r.ref()]; !ok {
		return fmt.Errorf("%w %q", ErrNoBranch, r.Branch)
	}
	return do(ctx, with, refs)
}

// pack asks for one commit with all that it holds, and reads the answer. The server is asked to leave large files out,
// if it knows how.
func (r *Repository) pack(ctx context.Context, with conversation, refs *packp.AdvRefs, id plumbing.Hash) ([]byte, error) {
	req := packp.NewUploadPackRequest()
	req.Wants = []plumbing.Hash{id}
	offer := func(c capability.Capability) bool {
		return refs.Capabilities.Supports(c) && req.Capabilities.Set(c) == nil
	}
	if !offer(capability.Sideband64k) {
		return nil, errors.New("the server is too old: it knows no side-band-64k")
	}
	offer(capability.OFSDelta)
	offer(capability.NoProgress)
	if offer(capability.Shallow) {
		req.Depth = packp.DepthCommits(1)
	}
	if offer(capability.Filter) {
		req.Filter = packp.FilterBlobLimit(rulefiles.MaxFile+1, packp.BlobLimitPrefixNone)
	}
	answer, err := with.ask(ctx, func(w io.Writer) error {
		if err := req.UploadRequest.Encode(w); err != nil {
			return err
		}
		return pktline.NewEncoder(w).EncodeString("done\n")
	})
	if err != nil {
		return nil, fmt.Errorf("ask for %s: %w", id, err)
	}
	response := packp.NewUploadPackResponse(req)
	if err := response.Decode(io.NopCloser(answer)); err != nil {
		return nil, fmt.Errorf("ask for %s: %w", id, err)
	}
	packed, err := io.ReadAll(&limited{sideband.NewDemuxer(sideband.Sideband64k, response), r.bounds().pack, "the commit, packed,"})
	if err != nil {
		return nil, fmt.Errorf("receive %s: %w", id, err)
	}
	return packed, nil
}

// limited reads no more than it may.
type limited struct {
	io.Reader
	left int64
	what string
}

// Read implements io.Reader.
func (l *limited) Read(p []byte) (int, error) {
	n, err := l.Reader.Read(p)
	l.left -= int64(n)
	if l.left < 0 {
		return 0, fmt.Errorf("%s is larger than a repository of rules is; keep other things out of it", l.what)
	}
	return n, err
}

// Safe is a repository's URL as it may be shown.
func Safe(url string) string {
	scheme, rest, ok := strings.Cut(url, "://")
	if !ok {
		return url
	}
	authority, path, _ := strings.Cut(rest, "/")
	if at := strings.LastIndex(authority, "@"); at >= 0 {
		user, _, _ := strings.Cut(authority[:at], ":")
		authority = user + authority[at:]
	}
	return scheme + "://" + authority + "/" + path
}

// schemes are those of the URLs that can be fetched from.
var schemes = []string{"https", "http", "ssh", "file"}

func known(scheme string) bool { return slices.Contains(schemes, scheme) }
