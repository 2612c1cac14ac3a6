package gerrit

import (
	"context"
	"net/http"
)

// BranchInfo is information about a branch. See
// https://gerrit-review.googlesource.com/Documentation/rest-api-projects.html#branch-info.
type BranchInfo struct {
	// Ref is the full name: refs/heads/main. HEAD and refs/meta/config are
	// among the branches, too.
	Ref string `json:"ref"`
	// Revision is the commit ID, of HEAD the branch's name.
	Revision  string `json:"revision"`
	CanDelete bool   `json:"can_delete"`
}

// BranchInput contains the options for creating a branch. See
// https://gerrit-review.googlesource.com/Documentation/rest-api-projects.html#branch-input.
type BranchInput struct {
	// Ref may be left out; else it is the branch that is created.
	Ref string `json:"ref,omitempty"`
	// Revision is where it begins, HEAD when "".
	Revision string `json:"revision,omitempty"`
}

// GetProjectBranches returns a project's branches, by their Ref.
func (c *Client) GetProjectBranches(ctx context.Context, name string) (map[string]BranchInfo, error) {
	list, err := c.ListBranches(ctx, name)
	if err != nil {
		return nil, err
	}
	branches := make(map[string]BranchInfo, len(list))
	for _, b := range list {
		branches[b.Ref] = b
	}
	return branches, nil
}

// ListBranches returns all branches of a project, HEAD first, then by name. If
// the project doesn't exist, the error is ErrProjectNotExist.
func (c *Client) ListBranches(ctx context.Context, project string) ([]BranchInfo, error) {
	var branches []BranchInfo
	call := projectCall(http.MethodGet, project, "/branches/", nil, &branches)
	call.whole = true
	_, err := c.do(ctx, call)
	return branches, err
}

// GetBranch gives a branch, named with or without refs/heads/. The error is
// ErrResourceNotExist if there is none.
func (c *Client) GetBranch(ctx context.Context, project, branch string) (BranchInfo, error) {
	var info BranchInfo
	_, err := c.do(ctx, projectCall(http.MethodGet, project, "/branches/"+escape(branch), nil, &info))
	return info, err
}

// CreateBranch creates a branch. The error is ErrConflict if there is one of
// that name.
func (c *Client) CreateBranch(ctx context.Context, project, branch string, input BranchInput) (BranchInfo, error) {
	var info BranchInfo
	_, err := c.do(ctx, projectCall(http.MethodPut, project, "/branches/"+escape(branch), input, &info))
	return info, err
}

// DeleteBranch deletes a branch. The error is ErrResourceNotExist if there is
// none, and ErrConflict if changes are open on it.
func (c *Client) DeleteBranch(ctx context.Context, project, branch string) error {
	_, err := c.do(ctx, projectCall(http.MethodDelete, project, "/branches/"+escape(branch), nil, nil))
	return err
}
