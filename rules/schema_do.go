package rules

import (
	"slices"

	"verdict/rules/yamlfile"
)

// actionSchema is an entry below `do`.
func actionSchema(methods []Method) schema {
	nothing := func(about string) schema { return schema{"type": "object", "maxProperties": 0, "description": about} }
	out := yamlfile.SchemaOf(actionForm{}, nil, map[string]schema{
		"vote": {"type": "object", "minProperties": 1, "additionalProperties": schema{"type": "integer"},
			"description": "Leaves an opinion on each label; with while it is taken back."},
		"report":    reportSchema(),
		"comment":   orFile(yamlfile.TextSchema(), "Posts a message."),
		"hashtags":  listOr(yamlfile.SchemaOf(hashtagsForm{}, nil, lists("add", "remove")), "Sets or removes hashtags; with while what was set is taken away again."),
		"reviewers": listOr(yamlfile.SchemaOf(reviewersForm{}, nil, lists("add", "cc", "remove")), "Adds or removes reviewers and CCs."),
		"attention": listOr(yamlfile.SchemaOf(attentionForm{}, nil, attentionLists()), "Who is in the attention set: owner, uploader, reviewers, or an account."),
		"ready":     nothing("The change is ready for review."),
		"wip":       nothing("The change is work in progress."),
		"topic":     textAbout("Sets the topic; '' takes it away."),
		"abandon":   nothing("Abandons the change."),
		"restore":   nothing("Opens an abandoned change again."),
		"submit":    nothing("Submits the change."),
		"task":      orFile(taskSchema(false), "A task's definition, as for queue.createTask, with key as half of its identity."),
		"tasks": orFile(schema{"type": []string{"object", "array"}, "not": schema{"required": []string{"file"}}, "items": taskSchema(true),
			"properties": schema{"from": textAbout("The file of the patchset that says which tasks there are.")}}, "Definitions of several tasks, each with a key; or from a file of the patchset, such as .taskcluster.yml."),
		"rerun":   stepSchema(kindRerun, "Runs the event's task again, or those of its group."),
		"cancel":  stepSchema(kindCancel, "Cancels the event's task, or those of its group."),
		"hook":    hookSchema(),
		"call":    callSchema(methods),
		"inline":  {"type": []string{"array", "object"}, "minItems": 1, "items": inlineSchema(), "description": "Comments on lines, for comment."},
		"key":     textAbout("What the action is known by, where its kind and target don't tell it."),
		"while":   celSchema("What was said stands as long as this CEL expression is true."),
		"message": orFile(yamlfile.TextSchema(), "What is posted with it."),
		"notify":  {"enum": notifyWords, "description": "Who gets mail; nobody if nothing is said."},
		"once":    onceSchema("It is done once on each thing."),
		"approve": {"enum": approveWords, "description": "It waits until somebody of these approves it: bot actions approve."},
	})
	out["oneOf"] = oneOfKeys(actionWords)
	out["dependencies"] = schema{
		"while":   onlyWith(kindVote, kindHashtags),
		"message": onlyWith(told...),
		"notify":  onlyWith(posted...),
		"inline":  onlyWith(kindComment),
		"once":    onlyWith(withoutVote()...),
		"approve": onlyWith(withoutVote()...),
	}
	return out
}

// withoutVote are the actions but vote and report, which are always opinions.
func withoutVote() []string {
	return slices.DeleteFunc(slices.Clone(actionWords), func(word string) bool { return word == kindVote || word == kindReport })
}

func reportSchema() schema {
	value := func(about string) schema { return schema{"type": "integer", "description": about} }
	out := yamlfile.SchemaOf(reportForm{}, nil, map[string]schema{
		"label":   textAbout("The label that it votes on."),
		"pass":    value("The vote when all tasks passed."),
		"fail":    value("The vote when one failed."),
		"infra":   value("The vote when tasks lost their worker and none failed; 0, which waits for another try, if nothing is said."),
		"running": {"type": "integer", "maximum": 0, "description": "The vote while it waits for tasks; 0 if nothing is said."},
	})
	out["description"] = "Says how all tasks of the patchset went, and votes; only on: {group: settled}."
	return out
}

// orFile is something, or the file that it is in.
func orFile(of schema, about string) schema {
	file := schema{"type": "object", "properties": schema{"file": textAbout("A file below the team's folder, by its path from this file's folder.")},
		"required": []string{"file"}, "additionalProperties": false}
	return schema{"anyOf": []any{of, file}, "description": about}
}

func textList() schema { return schema{"type": "array", "items": yamlfile.TextSchema()} }

func lists(names ...string) map[string]schema {
	out := map[string]schema{}
	for _, name := range names {
		out[name] = textList()
	}
	return out
}

func attentionLists() map[string]schema {
	out := lists("add", "remove")
	out["reason"] = textAbout("Why, for those who are told.")
	return out
}

// listOr is a list of texts, or a mapping of such lists.
func listOr(mapping schema, about string) schema {
	return schema{"anyOf": []any{schema{"type": "array", "items": yamlfile.TextSchema(), "minItems": 1}, mapping}, "description": about}
}

// templated asks for something only where no key is an operator of JSON-e.
func templated(of, then schema) schema {
	of["if"] = schema{"propertyNames": schema{"not": schema{"pattern": `^\$([^$]|$)`}}}
	of["then"] = then
	return of
}

func taskSchema(many bool) schema {
	properties := schema{}
	for _, key := range taskKeys {
		properties[key] = schema{}
	}
	required := slices.Clone(taskNeeds)
	if many {
		required = append(required, "key")
	}
	return templated(
		schema{"type": "object", "properties": properties, "description": "A task's definition, as for queue.createTask, with key as half of its identity."},
		schema{"propertyNames": keysOf(taskKeys), "required": required, "anyOf": oneOfKeys([]string{"taskQueueId", "provisionerId"})},
	)
}

// stepSchema is rerun or cancel.
func stepSchema(kind, about string) schema {
	out := yamlfile.SchemaOf(stepForm{}, nil, map[string]schema{
		"tasks": {"enum": []string{stepTasks[kind]}, "description": "Those of the group, not the event's own task."},
		"named": textAbout("Which of them, by names with * and ?; all if nothing is said."),
	})
	out["dependencies"], out["description"] = schema{"named": []string{"tasks"}}, about
	return out
}

func inlineSchema() schema {
	properties := schema{}
	for _, key := range inlineKeys {
		properties[key] = schema{}
	}
	return templated(
		schema{"type": "object", "properties": properties},
		schema{"propertyNames": keysOf(inlineKeys), "required": inlineNeeds},
	)
}

// keysOf are known keys, or computed ones.
func keysOf(known []string) schema {
	return schema{"anyOf": []any{schema{"enum": known}, schema{"pattern": `\$`}}}
}
