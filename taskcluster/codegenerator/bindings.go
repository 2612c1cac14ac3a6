package main

import (
	"fmt"
	"strings"

	"verdict/taskcluster/codegenerator/model"
)

// writeBindings writes a struct for each exchange.
func (p *pkg) writeBindings(f *gofile) error {
	for _, e := range p.service.Exchanges {
		name, message := model.ExportedName(e.Name), p.goType(f, p.source.types.Of(e.Schema))
		f.comment(fmt.Sprintf("%s binds to the exchange %s, whose messages are of the type %s. The routing key is %s.",
			name, p.service.ExchangePrefix+e.Exchange, strings.TrimPrefix(describe(message), "a "), routingKey(e)))
		if p.source.past {
			f.comment("\nDeprecated: the exchange is gone.")
		}
		f.printf("type %s struct {", name)
		var parts []string
		for _, field := range e.RoutingKey {
			if field.Constant != "" {
				parts = append(parts, fmt.Sprintf("%q", field.Constant))
				continue
			}
			goName, remark, how := model.ExportedName(field.Name), "", "Word"
			switch {
			case field.MultipleWords:
				remark, how = " // any number of words", "Words"
			case !field.Required:
				remark = " // _ where there is none"
			}
			f.printf("%s string%s", goName, remark)
			parts = append(parts, fmt.Sprintf("%s.%s(b.%s)", f.use(bindingPath), how, goName))
		}
		f.printf("}\n")
		f.comment("ExchangeName is the exchange's full name.")
		f.printf("func (%s) ExchangeName() string { return %q }\n", name, p.service.ExchangePrefix+e.Exchange)
		f.comment("RoutingKey is the pattern for what the fields say.")
		f.printf("func (b %s) RoutingKey() string {\nreturn %s.Pattern(%s)\n}\n", name, f.use(bindingPath), strings.Join(parts, ", "))
		f.comment("NewPayloadObject is a pointer to an empty message, to decode one into.")
		f.printf("func (%s) NewPayloadObject() any { return new(%s) }\n", name, message)
		f.comment("Message decodes the body of a message.")
		f.printf("func (%s) Message(body []byte) (*%s, error) {\nvar message %s\nif err := %s.Unmarshal(body, &message); err != nil {\nreturn nil, err\n}\nreturn &message, nil\n}\n",
			name, message, message, f.use(rawPath))
	}
	return nil
}

// routingKey is the key with the names of its fields.
func routingKey(e *model.Exchange) string {
	var parts []string
	for _, field := range e.RoutingKey {
		switch {
		case field.Constant != "":
			parts = append(parts, field.Constant)
		default:
			parts = append(parts, "<"+field.Name+">")
		}
	}
	return strings.Join(parts, ".")
}
