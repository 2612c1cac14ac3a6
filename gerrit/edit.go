package gerrit

import (
	"context"
	"net/http"
)

// ChangeFileContentInChangeEdit puts a file into our edit of a change, which is
// begun if there is none. A file that is so already is ErrNotModified.
func (c *Client) ChangeFileContentInChangeEdit(ctx context.Context, changeID string, path string, content string) error {
	call := changeCall(http.MethodPut, changeID, "/edit/"+escape(path), nil, nil)
	call.text = &content
	_, err := c.do(ctx, call)
	return err
}

// DeleteFileInChangeEdit deletes a file in our edit of a change, which is begun
// if there is none.
func (c *Client) DeleteFileInChangeEdit(ctx context.Context, changeID string, path string) error {
	_, err := c.do(ctx, changeCall(http.MethodDelete, changeID, "/edit/"+escape(path), nil, nil))
	return err
}

// PublishChangeEdit makes a patch set of our edit of a change. Without an edit
// the error is ErrConflict.
func (c *Client) PublishChangeEdit(ctx context.Context, changeID string) error {
	_, err := c.do(ctx, changeCall(http.MethodPost, changeID, "/edit:publish", struct{}{}, nil))
	return err
}
