package decide

import (
	"encoding/json"
	"fmt"

	"verdict/internal/deliver"
	"verdict/rules"
)

// callOf freezes a hook or a call as it was decided.
func callOf(c *rules.Call) (*deliver.CallArgs, error) {
	args := &deliver.CallArgs{Method: c.Method, With: c.With, Once: c.Once}
	if c.Payload == nil {
		return args, nil
	}
	var err error
	if args.Payload, err = json.Marshal(c.Payload); err != nil {
		return nil, fmt.Errorf("encode the payload of %s: %w", c.Method, err)
	}
	return args, nil
}
