package rules

import "slices"

// GerritEvents are the words after `gerrit:`, with the type of `event` for each.
func GerritEvents() []Field { return slices.Clone(gerritEvents) }

// gerritEvents is in the order of a change's life.
var gerritEvents = []Field{
	{Name: "patchset-created", Type: "patchsetCreated", About: "a patchset was pushed; patchset.kind says how it differs from the one before"},
	{Name: "comment-added", Type: "commentAdded", About: "somebody wrote a message, which may come with votes. What the bot itself posts is not answered"},
	{Name: "vote-changed", Type: "voteChanged", About: "somebody's vote on a label is another one: one event for each label and account"},
	{Name: "reviewer-changed", Type: "reviewerChanged", About: "somebody became a reviewer or CC, or is none any more"},
	{Name: "attention-set-changed", Type: "attentionSetChanged", About: "somebody came into the attention set, or left it"},
	{Name: "hashtags-changed", Type: "hashtagsChanged", About: "hashtags came or went"},
	{Name: "topic-changed", Type: "topicChanged", About: "the topic is another one"},
	{Name: "wip-changed", Type: "wipChanged", About: "it became a work in progress, or ready for review"},
	{Name: "private-state-changed", Type: "privateStateChanged", About: "it was made private, or is no longer. Told only where the server's stream or webhook says so"},
	{Name: "change-abandoned", Type: "changeAbandoned", About: "the change was abandoned"},
	{Name: "change-restored", Type: "changeRestored", About: "an abandoned change was opened again"},
	{Name: "change-merged", Type: "changeMerged", About: "the change was merged"},
	{Name: "change-vanished", Type: "changeVanished", About: "the bot doesn't see the change any more: it was deleted, or made private"},
	{Name: "change-deleted", Type: "changeDeleted", About: "the change was deleted. Told only where the server's stream or webhook says so"},
}

// goneEvents are those after which the change is not to be seen: nothing can be asked of it, or done on it.
var goneEvents = []string{"change-vanished", "change-deleted"}

// IsGone says whether an event of Gerrit's tells that its change can't be seen any more, so that it has no facts.
func IsGone(gerritEvent string) bool { return slices.Contains(goneEvents, gerritEvent) }

// eventStructs are the types of `event`, and what they are made of.
func eventStructs() map[string][]Field {
	message := Field{Name: "message", Type: "eventMessage", Absent: "where somebody deleted it, or the server's answer lacks it", About: "the message that tells it"}
	said := message
	said.Absent = ""
	of := map[string][]Field{
		"patchsetCreated":     nil,
		"commentAdded":        {said},
		"voteChanged":         {{Name: "vote", Type: "eventVote", About: "which vote, and how it changed"}},
		"reviewerChanged":     {{Name: "reviewers", Type: "list<eventReviewer>", About: "whose part changed"}},
		"attentionSetChanged": {{Name: "attention", Type: "eventAttention", About: "who came and who left"}},
		"hashtagsChanged":     {{Name: "hashtags", Type: "eventHashtags", About: "which came and which went"}, message},
		"topicChanged":        {{Name: "topic", Type: "eventTopic", About: "the topic before and after"}, message},
		"wipChanged":          {message},
		"privateStateChanged": {message},
		"changeAbandoned":     {message},
		"changeRestored":      {message},
		"changeMerged":        {message},
		"changeVanished":      nil,
		"changeDeleted":       nil,
	}
	out := make(map[string][]Field, len(of)+len(eventParts))
	for name, own := range of {
		out[name] = append(slices.Clone(eventCommon), own...)
	}
	for name, fields := range eventParts {
		out[name] = fields
	}
	out[tickType] = tickFields
	return out
}

// eventCommon is what every event of Gerrit's has.
var eventCommon = []Field{
	{Name: "type", Type: "string", About: "the word after gerrit:"},
	{Name: "server", Type: "string", About: "the server's name in config.yaml"},
	{Name: "change", Type: "eventChange", About: "the change when this was seen; of one that is gone, as it was last seen"},
	{Name: "patchset", Type: "eventPatchset", About: "the patchset that it is about, else the current one"},
	{Name: "time", Type: "timestamp", About: "when it happened, in whole seconds"},
	{Name: "state", Type: "string", Absent: "where the server doesn't name it (before 3.11)", About: "Gerrit's name of the change's state, its meta_rev_id"},
}

// eventParts are the types of what events have in them.
var eventParts = map[string][]Field{
	"eventChange": {
		{Name: "number", Type: "int", About: "the change's number"},
		{Name: "project", Type: "string", About: "the project"},
		{Name: "branch", Type: "string", Outsider: true, About: "the branch, without refs/heads/"},
		{Name: "changeId", Type: "string", Outsider: true, About: "the commit message's Change-Id"},
		{Name: "subject", Type: "string", Outsider: true, About: "the commit message's first line"},
		{Name: "status", Type: "string", Values: changeStates, About: "the change's status"},
		{Name: "owner", Type: "account", About: "who created the change"},
		{Name: "topic", Type: "string", Outsider: true, About: "the topic, empty where there is none"},
		{Name: "hashtags", Type: "list<string>", Outsider: true, About: "the hashtags, sorted"},
		{Name: "wip", Type: "bool", About: "whether it is work in progress"},
		{Name: "private", Type: "bool", About: "whether it is private"},
		{Name: "created", Type: "timestamp", About: "when the change was created"},
		{Name: "updated", Type: "timestamp", About: "when it was last updated"},
		{Name: "currentRevision", Type: "string", About: "the SHA of the current patchset"},
		{Name: "currentPatchset", Type: "int", About: "the number of the current patchset"},
		{Name: "metaRevId", Type: "string", About: "Gerrit's name of the change's state; empty where the server doesn't give it"},
	},
	"eventPatchset": {
		{Name: "number", Type: "int", About: "1 for the first"},
		{Name: "revision", Type: "string", About: "the commit's SHA"},
		{Name: "kind", Type: "string", Values: patchsetKinds, About: "how it differs from the one before"},
		{Name: "ref", Type: "string", About: "what to fetch, refs/changes/…"},
		{Name: "created", Type: "timestamp", About: "when it was pushed"},
		{Name: "uploader", Type: "account", About: "who pushed it"},
	},
	"eventMessage": {
		{Name: "id", Type: "string", About: "the message's id"},
		{Name: "date", Type: "timestamp", About: "when it was written"},
		{Name: "author", Type: "account", About: "who wrote it"},
		{Name: "tag", Type: "string", Outsider: true, About: "what its author calls this kind of message; empty for most people's"},
		{Name: "text", Type: "string", Outsider: true, About: "the text, which Gerrit begins with what was done: \"Patch Set 1: Verified+1\""},
	},
	"eventVote": {
		{Name: "label", Type: "string", About: "the label"},
		{Name: "old", Type: "int", About: "the vote before, 0 where there was none"},
		{Name: "new", Type: "int", About: "the vote now, 0 where there is none"},
		{Name: "account", Type: "account", About: "whose vote it is"},
	},
	"eventReviewer": {
		{Name: "account", Type: "account", About: "who"},
		{Name: "old", Type: "string", Values: reviewerStates, About: "what they were; empty: nothing"},
		{Name: "new", Type: "string", Values: reviewerStates, About: "what they are; empty: nothing"},
	},
	"eventAttention": {
		{Name: "added", Type: "list<account>", About: "who came into the attention set"},
		{Name: "removed", Type: "list<account>", About: "who left it"},
	},
	"eventHashtags": {
		{Name: "added", Type: "list<string>", Outsider: true, About: "the hashtags that came, sorted"},
		{Name: "removed", Type: "list<string>", Outsider: true, About: "the hashtags that went, sorted"},
	},
	"eventTopic": {
		{Name: "old", Type: "string", Outsider: true, About: "the topic before, empty where there was none"},
		{Name: "new", Type: "string", Outsider: true, About: "the topic now, empty where there is none"},
	},
}

// tickType is the type of `event` in rules on cron.
const tickType = "tick"

var tickFields = []Field{
	{Name: "cron", Type: "string", About: "the expression"},
	{Name: "zone", Type: "string", About: "the time zone"},
	{Name: "server", Type: "string", About: "the Gerrit where the query looked; empty without a query"},
	{Name: "query", Type: "string", About: "the query as written; empty where there is none"},
	{Name: "scheduled", Type: "timestamp", About: "the time that the clock ticked for, which is `now` too"},
}

var reviewerStates = []string{"REVIEWER", "CC", ""}

// dyn is the type of `event` where nothing is known of it.
const dyn = "dyn"

// eventType is the type of `event` in a rule: known where all its sources are the same word of Gerrit's, or cron.
func eventType(on []Trigger) string {
	typ := ""
	if len(on) > 0 && !slices.ContainsFunc(on, func(t Trigger) bool { return t.Source != "cron" }) {
		return tickType
	}
	for _, t := range on {
		f := fieldNamed(gerritEvents, t.Type)
		if t.Source == "command" { // it is in a message
			f = fieldNamed(gerritEvents, "comment-added")
		}
		if !t.onChanges() || f == nil || typ != "" && typ != f.Type {
			return dyn
		}
		typ = f.Type
	}
	if typ == "" {
		return dyn
	}
	return typ
}
