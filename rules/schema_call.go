package rules

import (
	"slices"

	"verdict/rules/yamlfile"
)

func happensSchema() schema {
	return schema{"enum": []string{atMostOnce, atLeastOnce}, "description": "What becomes of it where nobody knows whether it was done: nothing more, or it is done again."}
}

func hookSchema() schema {
	out := yamlfile.SchemaOf(hookForm{}, nil, map[string]schema{
		"id":      {"type": "string", "pattern": `^[^/]+/.+`, "description": "Group and name of the hook, with a slash between them."},
		"payload": {"type": "object", "description": "What the hook's task is made with."},
		"happens": happensSchema(),
	})
	out["required"], out["description"] = []string{"id"}, "Triggers a hook."
	return out
}

// callSchema knows of each method what it takes.
func callSchema(methods []Method) schema {
	var names []string
	var each []any
	for _, m := range methods {
		if m.Refused != "" {
			continue
		}
		names = append(names, m.Name)
		each = append(each, schema{
			"if":   schema{"required": []string{"method"}, "properties": schema{"method": schema{"const": m.Name}}},
			"then": m.schema(),
		})
	}
	method := schema{"type": "string", "pattern": `^[^.]+\..+`, "description": "Service and method."}
	if names != nil {
		slices.Sort(names)
		method["enum"] = names
	}
	out := yamlfile.SchemaOf(callForm{}, nil, map[string]schema{
		"method":  method,
		"with":    {"type": "object", "description": "The parameters of the method's address."},
		"payload": {"description": "What is sent."},
		"happens": happensSchema(),
	})
	out["required"], out["description"] = []string{"method"}, "Calls a method of one of Taskcluster's services."
	if each != nil {
		out["allOf"] = each
	}
	return out
}

func (m Method) schema() schema {
	properties, required := schema{}, []string{"method"}
	for _, name := range slices.Concat(m.Params, m.Query) {
		properties[name] = yamlfile.TextSchema()
	}
	then := schema{"propertyNames": keysOf(slices.Concat(m.Params, m.Query))}
	if len(m.Params) > 0 {
		then["required"] = m.Params
		required = append(required, "with")
	}
	of := schema{"with": templated(schema{"properties": properties}, then)}
	if len(properties) == 0 {
		of["with"] = schema{"maxProperties": 0}
	}
	if m.Payload == nil {
		of["payload"] = false
	} else {
		of["payload"] = m.Payload.schema()
		required = append(required, "payload")
	}
	return schema{"properties": of, "required": required}
}

// schema has the keys of an object, and no more: what stands behind them may be computed.
func (s *Shape) schema() schema {
	if s.Kind != ObjectShape || len(s.Fields) == 0 {
		return schema{}
	}
	properties := schema{}
	var names []string
	required := []string{}
	for _, f := range s.Fields {
		properties[f.Name] = schema{}
		if names = append(names, f.Name); !f.Optional {
			required = append(required, f.Name)
		}
	}
	then := schema{"required": required}
	if !s.Open {
		then["propertyNames"] = keysOf(names)
	}
	return templated(schema{"type": "object", "properties": properties}, then)
}
