package gerrit

import (
	"context"
	"net/http"
)

// GetTopic gives a change's topic; "" where there is none.
func (c *Client) GetTopic(ctx context.Context, changeID string) (string, error) {
	var topic string
	_, err := c.do(ctx, changeCall(http.MethodGet, changeID, "/topic", nil, &topic))
	return topic, err
}

// SetTopic sets a change's topic and gives it as Gerrit keeps it. "" is
// DeleteTopic.
func (c *Client) SetTopic(ctx context.Context, changeID, topic string) (string, error) {
	if topic == "" {
		return "", c.DeleteTopic(ctx, changeID)
	}
	body := struct {
		Topic string `json:"topic"`
	}{topic}
	call := changeCall(http.MethodPut, changeID, "/topic", body, &topic)
	call.repeatable = true
	_, err := c.do(ctx, call)
	return topic, err
}

// DeleteTopic takes a change's topic away. It is no error if there is none.
func (c *Client) DeleteTopic(ctx context.Context, changeID string) error {
	call := changeCall(http.MethodDelete, changeID, "/topic", nil, nil)
	call.repeatable = true
	_, err := c.do(ctx, call)
	return err
}
