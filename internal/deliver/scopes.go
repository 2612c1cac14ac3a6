package deliver

import (
	"encoding/json"
	"fmt"

	"verdict/taskcluster/scopes"
)

// TaskScopes are the scopes that creating a task takes, the least that granted allows: for rules.Sources, so that a
// rule is compared with its team's grant by what a delivery will ask for.
func TaskScopes(definition map[string]any, granted []string) ([]string, error) {
	body, err := json.Marshal(definition)
	if err != nil {
		return nil, fmt.Errorf("encode a definition: %w", err)
	}
	return scopes.CreateTask(body, granted)
}
