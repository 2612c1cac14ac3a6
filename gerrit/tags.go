package gerrit

import (
	"context"
	"net/http"
	"slices"
)

// TagInfo is information about a tag. See
// https://gerrit-review.googlesource.com/Documentation/rest-api-projects.html#tag-info.
type TagInfo struct {
	// Ref is the full name: refs/tags/v1.0.
	Ref string `json:"ref"`
	// Revision is the commit of a lightweight tag; of an annotated one it is
	// the tag's own object, and Object is what it names.
	Revision  string         `json:"revision"`
	Object    string         `json:"object,omitempty"`
	Message   string         `json:"message,omitempty"`
	Tagger    *GitPersonInfo `json:"tagger,omitempty"`
	Created   TimeStamp      `json:"created"`
	CanDelete bool           `json:"can_delete"`
	WebLinks  []WebLinkInfo  `json:"web_links,omitempty"`
}

// Equal tells whether two tags are the same in all that is known of them.
func (ti *TagInfo) Equal(v *TagInfo) bool {
	if ti == nil || v == nil {
		return ti == v
	}
	return ti.Ref == v.Ref && ti.Revision == v.Revision && ti.Object == v.Object && ti.Message == v.Message &&
		ti.Tagger.Equal(v.Tagger) && ti.Created.Equal(v.Created) && ti.CanDelete == v.CanDelete &&
		slices.Equal(ti.WebLinks, v.WebLinks)
}

// TagInput contains information for creating a tag. See
// https://gerrit-review.googlesource.com/Documentation/rest-api-projects.html#tag-input.
type TagInput struct {
	// Revision is what is tagged, HEAD when "".
	Revision string `json:"revision,omitempty"`
	// Message makes it an annotated tag.
	Message string `json:"message,omitempty"`
}

// GetProjectTags returns a project's tags, by their Ref. If the project doesn't
// exist, the error is ErrProjectNotExist.
func (c *Client) GetProjectTags(ctx context.Context, name string) (map[string]TagInfo, error) {
	var list []TagInfo
	call := projectCall(http.MethodGet, name, "/tags/", nil, &list)
	call.whole = true
	if _, err := c.do(ctx, call); err != nil {
		return nil, err
	}
	tags := make(map[string]TagInfo, len(list))
	for _, t := range list {
		tags[t.Ref] = t
	}
	return tags, nil
}

// GetTag gives a tag, named with or without refs/tags/. The error is
// ErrResourceNotExist if there is none.
func (c *Client) GetTag(ctx context.Context, project, tag string) (TagInfo, error) {
	var info TagInfo
	_, err := c.do(ctx, projectCall(http.MethodGet, project, "/tags/"+escape(tag), nil, &info))
	return info, err
}

// CreateTag creates a tag. The error is ErrConflict if there is one of that
// name.
func (c *Client) CreateTag(ctx context.Context, project, tag string, input TagInput) (TagInfo, error) {
	var info TagInfo
	_, err := c.do(ctx, projectCall(http.MethodPut, project, "/tags/"+escape(tag), input, &info))
	return info, err
}

// DeleteTag deletes a tag. The error is ErrResourceNotExist if there is none.
func (c *Client) DeleteTag(ctx context.Context, project, tag string) error {
	_, err := c.do(ctx, projectCall(http.MethodDelete, project, "/tags/"+escape(tag), nil, nil))
	return err
}
