package jsone

// Function is a function that a context may hold, called by its name as the language's own are. What it answers is as a
// context's values; its error says what is wrong with the arguments.
func Function(name string, call func(arguments []any) (any, error)) any {
	return &builtin{name: name, call: func(r *run, _ *scope, arguments []any) (any, error) {
		v, err := call(arguments)
		if err != nil {
			return nil, templateError("%s: %v", name, err)
		}
		return plain(v), nil
	}}
}
