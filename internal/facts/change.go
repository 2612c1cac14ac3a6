package facts

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"verdict/gerrit"
	"verdict/internal/store"
	"verdict/rules"
)

// Change is a change with all its revisions, as Gerrit says now.
func (f *Session) Change(ctx context.Context, link store.Link) (*gerrit.ChangeInfo, error) {
	key := fmt.Sprintf("%s~%d", link.Server, link.Change)
	if c, ok := f.changes[key]; ok {
		return c, nil
	}
	c, err := f.s.change(ctx, link)
	if err != nil {
		return nil, err
	}
	if f.changes == nil {
		f.changes = map[string]*gerrit.ChangeInfo{}
	}
	f.changes[key] = c
	return c, nil
}

func (s *Source) change(ctx context.Context, link store.Link) (*gerrit.ChangeInfo, error) {
	g, ok := s.Gerrit[link.Server]
	if !ok {
		return nil, fmt.Errorf("%w: no Gerrit is called %q in the configuration", ErrNone, link.Server)
	}
	c, err := g.GetChangeDetail(ctx, changeID(link), gerrit.QueryChangesOpt{Fields: []string{"ALL_REVISIONS", "ALL_COMMITS"}})
	if err != nil {
		return nil, none(err, gerrit.ErrResourceNotExist)
	}
	return c, nil
}

func changeID(link store.Link) string {
	if link.Project == "" {
		return fmt.Sprint(link.Change)
	}
	return fmt.Sprintf("%s~%d", link.Project, link.Change)
}

// Patchset completes a link from what Gerrit says. One that names another project, branch or revision than
// Gerrit does is ErrNone: it speaks of something else.
func (f *Session) Patchset(ctx context.Context, link store.Link) (store.Link, error) {
	c, err := f.Change(ctx, link)
	if err != nil {
		return link, err
	}
	for revision, info := range c.Revisions {
		if info.PatchSetNumber != link.Patchset {
			continue
		}
		if differs(link.Project, c.Project) || differs(link.Branch, c.Branch) || differs(link.Revision, revision) {
			return link, ErrNone
		}
		link.Project, link.Branch, link.Revision = c.Project, c.Branch, revision
		return link, nil
	}
	return link, ErrNone
}

// Named is Patchset of a link that may leave out its server, where there is but one, and its patchset: then it is the
// change's current one.
func (f *Session) Named(ctx context.Context, link store.Link) (store.Link, error) {
	link.Server = f.server(link.Server)
	if link.Patchset > 0 {
		return f.Patchset(ctx, link)
	}
	c, err := f.Change(ctx, link)
	if err != nil {
		return link, err
	}
	link.Patchset = c.Revisions[c.CurrentRevision].PatchSetNumber
	return f.Patchset(ctx, link)
}

func differs(said, is string) bool { return said != "" && said != is }

func (f *Session) ofChange(ctx context.Context, name string, link store.Link) (any, error) {
	if name == "files" {
		return f.filesFact(ctx, link)
	}
	c, err := f.Change(ctx, link)
	if err != nil {
		return nil, err
	}
	if name == "patchset" {
		return patchsetFact(c, link)
	}
	return f.changeFact(c, link), nil
}

func (f *Session) changeFact(c *gerrit.ChangeInfo, link store.Link) map[string]any {
	current := c.Revisions[c.CurrentRevision]
	message := ""
	if current.Commit != nil {
		message = current.Commit.Message
	}
	return map[string]any{
		"server": link.Server, "number": int64(c.ChangeNumber), "id": fmt.Sprintf("%s~%d", c.Project, c.ChangeNumber),
		"project": c.Project, "branch": c.Branch, "subject": c.Subject, "message": message, "topic": c.Topic,
		"status": c.Status, "changeId": c.ChangeID, "owner": accountFact(c.Owner), "wip": c.WorkInProgress, "private": c.IsPrivate,
		"url":             fmt.Sprintf("%s/c/%s/+/%d", strings.TrimRight(f.s.URLs[link.Server], "/"), c.Project, c.ChangeNumber),
		"hashtags":        anys(c.Hashtags),
		"currentPatchset": int64(current.PatchSetNumber), "currentRevision": c.CurrentRevision,
		"created": time.Time(c.Created), "updated": time.Time(c.Updated), "footers": footers(message),
	}
}

func patchsetFact(c *gerrit.ChangeInfo, link store.Link) (any, error) {
	r, ok := c.Revisions[link.Revision]
	if !ok {
		return nil, ErrNone
	}
	out := map[string]any{
		"number": int64(r.PatchSetNumber), "revision": link.Revision, "kind": r.Kind, "ref": r.Ref,
		"uploader": accountFact(r.Uploader), "created": time.Time(r.Created), "current": link.Revision == c.CurrentRevision,
		"author": map[string]any{"name": "", "email": ""}, "committer": map[string]any{"name": "", "email": ""}, "parents": []any{},
	}
	if r.Commit != nil {
		out["author"] = map[string]any{"name": r.Commit.Author.Name, "email": r.Commit.Author.Email}
		out["committer"] = map[string]any{"name": r.Commit.Committer.Name, "email": r.Commit.Committer.Email}
		parents := []any{}
		for _, p := range r.Commit.Parents {
			parents = append(parents, p.CommitID)
		}
		out["parents"] = parents
	}
	return out, nil
}

func (f *Session) filesFact(ctx context.Context, link store.Link) (any, error) {
	if files, ok := f.files[link.Revision]; ok {
		return files, nil
	}
	g, ok := f.s.Gerrit[link.Server]
	if !ok {
		return nil, ErrNone
	}
	found, err := g.ListFiles(ctx, changeID(link), link.Revision)
	if err != nil {
		return nil, none(err, gerrit.ErrResourceNotExist)
	}
	files := []any{}
	for _, name := range sortedKeys(found) {
		if name != "/COMMIT_MSG" && name != "/MERGE_LIST" {
			files = append(files, name)
		}
	}
	if f.files == nil {
		f.files = map[string][]any{}
	}
	f.files[link.Revision] = files
	return files, nil
}

// Identities says who uploaded and who wrote a patchset, with their groups. An author whom Gerrit doesn't know
// is an account of no groups.
func (s *Source) Identities(ctx context.Context, server string, change int, revision string) (*rules.Identities, error) {
	c, err := s.change(ctx, store.Link{Server: server, Change: change})
	if err != nil {
		return nil, err
	}
	r, ok := c.Revisions[revision]
	if !ok || r.Uploader == nil || r.Commit == nil {
		return nil, fmt.Errorf("%s says neither uploader nor author of revision %s of change %d", server, revision, change)
	}
	g := s.Gerrit[server]
	uploader, err := identity(ctx, g, r.Uploader)
	if err != nil {
		return nil, err
	}
	author := rules.Account{Email: r.Commit.Author.Email}
	if strings.EqualFold(author.Email, uploader.Email) {
		return &rules.Identities{Uploader: uploader, Author: uploader}, nil
	}
	known, err := g.QueryAccounts(ctx, fmt.Sprintf("email:%q", author.Email), gerrit.QueryAccountsOpt{N: 2, Fields: []string{"DETAILS", "ALL_EMAILS"}})
	if err != nil && !refusedQuery(err) {
		return nil, fmt.Errorf("look for the author's account: %w", err)
	}
	if len(known) == 1 {
		if author, err = identity(ctx, g, known[0]); err != nil {
			return nil, err
		}
	}
	return &rules.Identities{Uploader: uploader, Author: author}, nil
}

// refusedQuery tells whether Gerrit didn't take the author's address as a query: it is an outsider's text.
func refusedQuery(err error) bool {
	var answer *gerrit.HTTPError
	return errors.As(err, &answer) && answer.Res != nil && answer.Res.StatusCode == 400
}

func identity(ctx context.Context, g Gerrit, a *gerrit.AccountInfo) (rules.Account, error) {
	groups, err := g.GetAccountGroups(ctx, fmt.Sprint(a.NumericID))
	if err != nil {
		return rules.Account{}, fmt.Errorf("ask for the groups of account %d: %w", a.NumericID, err)
	}
	return rules.Account{Username: a.Username, Email: a.Email, Groups: groups}, nil
}

func accountFact(a *gerrit.AccountInfo) map[string]any {
	if a == nil {
		return map[string]any{"id": int64(0), "name": "", "email": "", "username": ""}
	}
	return map[string]any{"id": a.NumericID, "name": a.Name, "email": a.Email, "username": a.Username}
}

// footers are the "Key: value" lines of a commit message's last paragraph.
func footers(message string) []any {
	message = strings.TrimSpace(message)
	last := message[strings.LastIndex(message, "\n\n")+1:]
	if !strings.Contains(message, "\n\n") {
		return []any{}
	}
	out := []any{}
	for line := range strings.Lines(strings.TrimSpace(last)) {
		key, value, ok := strings.Cut(strings.TrimSpace(line), ":")
		if ok && key != "" && !strings.ContainsAny(key, " \t") {
			out = append(out, map[string]any{"key": key, "value": strings.TrimSpace(value)})
		}
	}
	return out
}

func anys(values []string) []any {
	out := make([]any, len(values))
	for i, v := range values {
		out[i] = v
	}
	return out
}

func sortedKeys[V any](m map[string]V) []string {
	keys := make([]string, 0, len(m))
	for k := range m {
		keys = append(keys, k)
	}
	slices.Sort(keys)
	return keys
}
