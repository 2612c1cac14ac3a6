// Package union reads JSON that has one of several forms. The generated packages
// use it for schemas with oneOf or anyOf.
package union

import (
	"encoding/json"
	"fmt"
	"strings"
)

// Read decodes data into what into points to, if it has that form: has are the
// properties which such an object always has, and for one that is always the
// same text, name=text.
func Read(data []byte, into any, has ...string) error {
	if len(has) > 0 {
		var properties map[string]json.RawMessage
		if err := json.Unmarshal(data, &properties); err != nil {
			return fmt.Errorf("read as %T: %w", into, err)
		}
		for _, property := range has {
			name, want, fixed := strings.Cut(property, "=")
			value, there := properties[name]
			if !there {
				return fmt.Errorf("read as %T: it has no %s", into, name)
			}
			var text string
			if fixed && (json.Unmarshal(value, &text) != nil || text != want) {
				return fmt.Errorf("read as %T: its %s isn't %q", into, name, want)
			}
		}
	}
	if err := json.Unmarshal(data, into); err != nil {
		return fmt.Errorf("read as %T: %w", into, err)
	}
	return nil
}
