package main

// writePayloads writes the table of what today's methods take as payloads.
func writePayloads(files map[string][]byte, sources []*source) error {
	f := newFile("methods")
	w := &tableWriter{file: f, of: f.use("verdict/taskcluster/api/exchanges") + ".", wrote: map[string]bool{}}
	f.comment("Payloads are the types of what today's methods take, by service and method: \"queue.createTask\". What takes none isn't there.")
	f.printf("var Payloads = map[string]*exchanges.Type{")
	for _, s := range sources {
		if s.past {
			continue
		}
		for _, service := range s.references.Services {
			for _, m := range service.Methods {
				if m.Input != "" {
					f.printf("%q: %s,", service.Name+"."+m.Name, w.refer(s.types.Of(m.Input)))
				}
			}
		}
	}
	f.printf("}\n")
	w.types()
	text, err := f.bytes()
	files["methods/payloads.go"] = text
	return err
}
