package gerrit

import (
	"context"
	"net/http"
)

// GroupInfo contains information about a group. See
// https://gerrit-review.googlesource.com/Documentation/rest-api-groups.html#group-info.
type GroupInfo struct {
	// ID is the UUID, URL encoded.
	ID      string           `json:"id"`
	URL     string           `json:"url"`
	Name    string           `json:"name"`
	GroupID int64            `json:"group_id"`
	Options GroupOptionsInfo `json:"options"`
	Owner   string           `json:"owner"`
	OwnerID string           `json:"owner_id"`
}

// GroupOptionsInfo is who sees a group.
type GroupOptionsInfo struct {
	VisibleToAll bool `json:"visible_to_all"`
}

// GetGroups gives the groups that we see, by name.
func (c *Client) GetGroups(ctx context.Context) (map[string]*GroupInfo, error) {
	var groups map[string]*GroupInfo
	if _, err := c.do(ctx, call{method: http.MethodGet, path: "/groups/", out: &groups}); err != nil {
		return nil, err
	}
	for name, info := range groups {
		info.Name = name // it is only their key
	}
	return groups, nil
}

// GetGroupMembers gives the accounts that are in a group directly. The groupID
// is a UUID, a number or a name. The error is ErrResourceNotExist if we don't
// see the group.
func (c *Client) GetGroupMembers(ctx context.Context, groupID string) ([]AccountInfo, error) {
	var members []AccountInfo
	_, err := c.do(ctx, call{method: http.MethodGet, path: "/groups/" + escape(groupID) + "/members/", out: &members})
	return members, err
}
