package mutationtest

// kind is a way to change a rule.
type kind struct {
	name string
	// byCheck says who has to notice: bot check, or else the tests beside the rule.
	byCheck bool
}

// What bot check has to refuse: the text is broken.
var (
	nameMisspelt = kind{"a name misspelt", true}        // of a fact, a field, a function, a variable
	wordMisspelt = kind{"a word misspelt", true}        // of a closed list: settled, owner, "completed"
	keyMisspelt  = kind{"a key misspelt", true}         // but for free keys: those of tags, payload and env
	keyNeeded    = kind{"a key left out: needed", true} // without it there is no rule
	keyTwice     = kind{"a key doubled", true}          //
	wrongType    = kind{"another type", true}           // a list or a mapping for a text, a number in quotes
	wrongQuotes  = kind{"quotes gone or changed", true} // around a value, around CEL's own texts
	silentTrap   = kind{"what YAML reads otherwise", true}
)

// What only tests can see: it is another rule, and a valid one.
var (
	otherOperator = kind{"another operator", false}
	otherNumber   = kind{"another number", false}
	otherText     = kind{"another text", false}
	otherName     = kind{"another name of its type", false}
	otherWord     = kind{"another word of its list", false}
	keyLeftOut    = kind{"a key left out: optional", false}
	itemLeftOut   = kind{"an item left out", false}
	freeKey       = kind{"a free key misspelt", false}
	freeType      = kind{"a free value's type or quotes", false} // below payload and extra anything may stand
)

// The tables by which a change is sorted into its kind. They say what the language is, not what bot check happens to do.
var (
	// freeBelow are keys below which keys and values are somebody else's.
	freeBelow = set("payload", "extra", "tags")
	// closedWords are keys whose value is a word of a list.
	closedWords = map[string][]string{
		"mode": {"live", "shadow", "off"}, "notify": {"owner", "reviewers", "all", "nobody"}, "server": nil,
		"task":     {"settled", "completed", "failed", "exception", "running", "pending"},
		"group":    {"settled", "stuck"},
		"gerrit":   {"patchset-created", "comment-added", "vote-changed", "change-merged", "change-abandoned", "change-restored", "hashtags-changed"},
		"exchange": {"queue/task-completed", "queue/task-failed", "queue/task-exception"},
		"priority": {"low", "lowest"}, "per": {"change", "patchset", "task", "run"}, "label": nil, "by": nil,
	}
	// needed are keys without which there is no rule; actions and sources are too.
	needed = set("rules", "name", "on", "do", "metadata", "description", "payload", "deadline", "taskQueueId", "$map", "$fromNow",
		"task", "group", "gerrit", "exchange", "command", "cron", "vote", "report", "comment", "hashtags", "tasks", "rerun", "cancel",
		"hook", "call", "reviewers", "attention", "ready", "wip", "topic", "abandon", "restore", "submit", "label")
	// durations are keys whose value is a length of time.
	durations = set("$fromNow", "again")
)

func set(words ...string) map[string]bool {
	out := map[string]bool{}
	for _, w := range words {
		out[w] = true
	}
	return out
}
