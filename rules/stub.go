package rules

type (
	let        struct{}
	condition  struct{}
	action     struct{ kind string }
	programs   struct{}
	pattern    struct{}
	routingKey struct{}
	index      struct{}
	trust      struct{}
	trustTask  struct{}
)

const kindVote = "vote"

func anyMatch([]pattern, string) bool { return true }

// LoadTeams reads teams.yaml.
func LoadTeams(name string, data []byte) (*Teams, []Diagnostic) { return &Teams{File: name, data: data}, nil }

// Load makes a Set of rule files.
func Load(in Sources) (*Set, []Diagnostic) { return &Set{teams: in.Teams}, nil }

// MayVote says whether the team may cast a vote.
func (t *Team) MayVote(server, project, branch, label string, value int) error { return nil }

// MayHashtag says whether the team may set or remove a hashtag.
func (t *Team) MayHashtag(server, project, branch, tag string) error { return nil }

// MayDo says whether the team may do something on Gerrit.
func (t *Team) MayDo(server, project, branch, action string) error { return nil }

// TaskScopes are the scopes that a task for a patchset may use.
func (t *Team) TaskScopes(patchsetBy *Identities) ([]string, error) { return t.Scopes, nil }

// TrustsTask says whether the team believes what a task says of the change that it is for.
func (t *Team) TrustsTask(schedulerID, projectID, taskQueueID string) bool { return false }

// Match appends the rules whose trigger fits the occurrence.
func (s *Set) Match(o Occurrence, dst []Candidate) []Candidate { return dst }

// Wants says whether any rule looks at this type of a task's or group's events, whatever its change.
func (s *Set) Wants(source, typ string) bool { return false }

// Derives says whether rules on tasks, and on groups, are fed by this exchange.
func (s *Set) Derives(exchange string) (task, group bool) { return false, false }

// Bindings are what the bot's queue has to be bound to.
func (s *Set) Bindings(exchangePrefix string) []Binding { return nil }

// Evaluate decides one event.
func (r *Rule) Evaluate(in Input) (*Decision, error) { return &Decision{}, nil }

// Fields are all facts.
func Fields() []Field { return nil }
