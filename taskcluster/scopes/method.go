package scopes

// Method is one method of a service's API, as its reference describes it. Tables
// of them are generated.
type Method struct {
	Service string   // as in the path: "queue"
	Name    string   // "createTask"
	Verb    string   // the HTTP method, in capitals: "PUT"
	Route   string   // "/task/<taskId>"
	Args    []string // parameters of the route, in order
	Query   []string // options of the query
	Input   string   // name of the payload's schema: "v1/create-task-request.json#"; "" for none
	Output  string   // name of the answer's schema; "" for none, "blob" for what isn't JSON
	// Scopes are what a caller needs; nil: nothing.
	Scopes *Expression
	// Derived says where parameters of Scopes come from that are not simply an
	// argument, an option of the query or a field of the payload.
	Derived []Derived
}

// Derived is where one parameter of an expression comes from.
type Derived struct {
	Param  string
	From   Origin
	Field  string // an argument, or a field at the top of the JSON there
	How    Form
	Absent string // its value when the field isn't there
}

// Origin is where a parameter is looked for.
type Origin string

// Origins. The last four are answers to other calls, which the caller of Needed
// hands in.
const (
	FromArgs    Origin = "args"    // the route's arguments
	FromPayload Origin = "payload" // the request's own
	FromNowhere Origin = "nowhere" // no call tells it: alternatives that name it can't be used

	FromTask   Origin = "task"   // queue.task of the argument taskId
	FromGroup  Origin = "group"  // queue.getTaskGroup of the argument taskGroupId
	FromClient Origin = "client" // auth.client of the argument clientId
	FromRole   Origin = "role"   // auth.role of the argument roleId
)

// Form is how a parameter is made of its field.
type Form string

// Forms of parameters.
const (
	AsIs          Form = ""            // the text that is there
	AsList        Form = "list"        // a list of texts, empty when it is absent
	AsOne         Form = "one"         // a list of one text
	AsKeys        Form = "keys"        // the names of all fields there are; Field is not looked at
	AsLower       Form = "lower"       // the text in lower case
	AsReadOnly    Form = "readOnly"    // whether the text is "read-only"
	AsPriorities  Form = "priorities"  // this priority and all higher ones, from its own upwards
	AsTaskQueue   Form = "taskQueue"   // taskQueueId, else provisionerId/workerType
	AsProvisioner Form = "provisioner" // the part of that before the slash
	AsWorkerType  Form = "workerType"  // the part behind it
	AsAdded       Form = "added"       // scopes of the payload that the client or role doesn't have yet
	AsRepoPerms   Form = "repoPerms"   // each repository with each permission, as repository:permission:level
)

// Find is the method of that name in a table of them, such as methods.All; nil
// if it isn't there.
func Find(methods []Method, service, name string) *Method {
	for i := range methods {
		if m := &methods[i]; m.Service == service && m.Name == name {
			return m
		}
	}
	return nil
}
