package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"strings"

	"github.com/spf13/cobra"

	"verdict/taskcluster/scopes"
)

func newTaskclusterCall(g *global) *cobra.Command {
	var f methodFlags
	cmd := &cobra.Command{
		Use:   "call [SERVICE [METHOD [ARGS...]]]",
		Short: "Call a method of Taskcluster, and print its answer",
		Long: `Call makes one call and prints what is answered. Without a method it lists those of the service, with what they
take and need; without a service, the services. Names are checked before anything is sent.

It is signed with no more scopes than the call needs. Where the reference leaves a choice, it is the least that the
client has; what depends on the task or group is asked for first.`,
		Example: `  bot taskcluster call queue
  bot taskcluster call queue status fN1SbArXTPSVFNUvaOlinQ
  bot taskcluster call queue listTaskGroup fN1SbArXTPSVFNUvaOlinQ --query limit=10
  bot taskcluster call queue createTask fN1SbArXTPSVFNUvaOlinQ --payload task.json`,
		ValidArgsFunction: completeMethod,
		RunE: func(cmd *cobra.Command, args []string) error {
			switch len(args) {
			case 0:
				return g.listServices(cmd)
			case 1:
				return g.listMethods(cmd, args[0])
			}
			c, err := g.methodCall(cmd, args, f)
			if err != nil {
				return err
			}
			client, err := c.limited(cmd.Context())
			if err != nil {
				return err
			}
			answer, err := client.Send(cmd.Context(), c.call())
			if err != nil {
				return c.explain(client, err)
			}
			return printAnswer(cmd, answer.Body)
		},
	}
	f.register(cmd)
	cmd.Flags().StringVar(&f.payload, "payload", "", "the file of the payload, JSON; - is what comes in")
	return cmd
}

func (g *global) listServices(cmd *cobra.Command) error {
	if g.json {
		return printJSON(cmd, services())
	}
	var rows [][]string
	for _, name := range services() {
		all, err := methodsOf(name)
		if err != nil {
			return err
		}
		rows = append(rows, []string{name, plural(len(all), "method")})
	}
	return printTable(cmd, []string{"SERVICE", "HAS"}, rows)
}

// methodView is a method as JSON.
type methodView struct {
	Service string             `json:"service"`
	Name    string             `json:"name"`
	Verb    string             `json:"method"`
	Route   string             `json:"route"`
	Args    []string           `json:"args"`
	Query   []string           `json:"query"`
	Payload bool               `json:"payload"`
	Scopes  *scopes.Expression `json:"scopes"`
}

func (g *global) listMethods(cmd *cobra.Command, service string) error {
	all, err := methodsOf(service)
	if err != nil {
		return err
	}
	views := make([]methodView, 0, len(all))
	rows := make([][]string, 0, len(all))
	for _, m := range all {
		views = append(views, methodView{m.Service, m.Name, m.Verb, m.Route, append([]string{}, m.Args...), append([]string{}, m.Query...), m.Input != "", m.Scopes})
		rows = append(rows, []string{m.Name, takes(m), needs(m.Scopes)})
	}
	if g.json {
		return printJSON(cmd, views)
	}
	return printTable(cmd, []string{"METHOD", "TAKES", "NEEDS"}, rows)
}

func takes(m *scopes.Method) string {
	words := append([]string{}, m.Args...)
	if m.Input != "" {
		words = append(words, "--payload")
	}
	for _, q := range m.Query {
		words = append(words, "["+q+"=]")
	}
	return orDash(strings.Join(words, " "))
}

// needs is an expression for reading.
func needs(e *scopes.Expression) string {
	switch {
	case e == nil:
		return "-"
	case e.Scope != "":
		return e.Scope
	case len(e.AnyOf) == 1 && e.AnyOf[0].For != "":
		return "any " + needs(e.AnyOf[0].Each)
	case e.AnyOf != nil:
		return joined(e.AnyOf, " or ")
	case e.AllOf != nil:
		return joined(e.AllOf, " and ")
	case e.For != "":
		return "each " + needs(e.Each)
	}
	text := "if " + e.If + " " + needs(e.Then)
	if e.Else != nil {
		text += " else " + needs(e.Else)
	}
	return text
}

func joined(parts []scopes.Expression, word string) string {
	var texts []string
	for i := range parts {
		text := needs(&parts[i])
		if len(parts) > 1 && len(parts[i].AnyOf)+len(parts[i].AllOf) > 1 {
			text = "(" + text + ")"
		}
		texts = append(texts, text)
	}
	return orDash(strings.Join(texts, word))
}

// printAnswer prints JSON for reading, and anything else as it is.
func printAnswer(cmd *cobra.Command, body []byte) error {
	if json.Valid(body) {
		var b bytes.Buffer
		if err := json.Indent(&b, body, "", "  "); err == nil {
			body = append(b.Bytes(), '\n')
		}
	}
	if _, err := cmd.OutOrStdout().Write(body); err != nil {
		return fmt.Errorf("print: %w", err)
	}
	return nil
}
