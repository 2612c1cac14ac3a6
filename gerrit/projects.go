package gerrit

import (
	"bytes"
	"cmp"
	"context"
	"io"
	"net/http"
	"net/url"
	"slices"
)

// ProjectInfo is information about a Gerrit project. See
// https://gerrit-review.googlesource.com/Documentation/rest-api-projects.html#project-info.
type ProjectInfo struct {
	// ID is the name, URL encoded.
	ID       string `json:"id"`
	Name     string `json:"name"`
	Parent   string `json:"parent"`
	CloneURL string `json:"clone_url"`
	// Description is not told by GetProjects and ListProjects.
	Description string `json:"description"`
	// State is ACTIVE, READ_ONLY or HIDDEN.
	State string `json:"state"`
	// Branches maps a branch's name to its commit ID. GetProjects fills in the
	// branch asked for.
	Branches map[string]string `json:"branches"`
	WebLinks []WebLinkInfo     `json:"web_links,omitempty"`
}

// ProjectInput contains the options for creating a new project. See
// https://gerrit-review.googlesource.com/Documentation/rest-api-projects.html#project-input.
type ProjectInput struct {
	Parent      string `json:"parent,omitempty"`
	Description string `json:"description,omitempty"`
	SubmitType  string `json:"submit_type,omitempty"`

	CreateNewChangeForAllNotInTarget string `json:"create_new_change_for_all_not_in_target,omitempty"`

	// CreateEmptyCommit begins each of Branches, or the default branch, with
	// an empty commit.
	CreateEmptyCommit bool     `json:"create_empty_commit,omitempty"`
	Branches          []string `json:"branches,omitempty"`
}

// projectCall is a call below /projects/.
func projectCall(method, project, below string, body, out any) call {
	return call{method: method, path: "/projects/" + escape(project) + below, body: body, out: out, project: project}
}

// GetProjectInfo returns info about a project. If the project doesn't exist,
// the error is ErrProjectNotExist.
func (c *Client) GetProjectInfo(ctx context.Context, name string) (ProjectInfo, error) {
	var info ProjectInfo
	call := projectCall(http.MethodGet, name, "", nil, &info)
	call.whole = true
	_, err := c.do(ctx, call)
	return info, err
}

// GetProjects returns a map of all projects on the Gerrit server that we see,
// by name. With a branch they are only those that have it.
func (c *Client) GetProjects(ctx context.Context, branch string) (map[string]*ProjectInfo, error) {
	query := url.Values{}
	if branch != "" {
		query.Set("b", branch)
	}
	var projects map[string]*ProjectInfo
	if _, err := c.do(ctx, call{method: http.MethodGet, path: "/projects/", query: query, out: &projects}); err != nil {
		return nil, err
	}
	for name, info := range projects {
		info.Name = name // it is only their key
	}
	return projects, nil
}

// ListProjects returns the server's active projects.
//
// The returned slice is sorted by project ID and excludes the "All-Projects"
// project.
func (c *Client) ListProjects(ctx context.Context) ([]ProjectInfo, error) {
	projects, err := c.GetProjects(ctx, "")
	if err != nil {
		return nil, err
	}
	list := make([]ProjectInfo, 0, len(projects))
	for name, info := range projects {
		if name != "All-Projects" && info.State == "ACTIVE" {
			list = append(list, *info)
		}
	}
	slices.SortFunc(list, func(a, b ProjectInfo) int { return cmp.Compare(a.ID, b.ID) })
	return list, nil
}

// CreateProject creates a new project. The error is ErrConflict if there is one
// of that name.
func (c *Client) CreateProject(ctx context.Context, name string, p ...ProjectInput) (ProjectInfo, error) {
	var info ProjectInfo
	_, err := c.do(ctx, projectCall(http.MethodPut, name, "", first(p), &info))
	return info, err
}

// GetFileContent gives a file as it is in a commit that a branch or tag has.
// The caller closes it. The error is ErrResourceNotExist if there is none.
func (c *Client) GetFileContent(ctx context.Context, project, commit, path string) (io.ReadCloser, error) {
	content, err := c.content(ctx, projectCall(http.MethodGet, project, "/commits/"+escape(commit)+"/files/"+escape(path)+"/content", nil, nil))
	if err != nil {
		return nil, err
	}
	return io.NopCloser(bytes.NewReader(content)), nil
}

// GetCommitsInRefs gives for each of the commits which of the refs have it.
// Commits that none has are left out.
func (c *Client) GetCommitsInRefs(ctx context.Context, project string, commits, refs []string) (map[string][]string, error) {
	var in map[string][]string
	call := projectCall(http.MethodGet, project, "/commits:in", nil, &in)
	call.query = url.Values{"commit": commits, "ref": refs}
	_, err := c.do(ctx, call)
	return in, err
}
