package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"

	"github.com/spf13/cobra"
)

func main() {
	os.Exit(execute(context.Background(), os.Args[1:], os.Stdin, os.Stdout, os.Stderr))
}

// The exit codes of every command.
const (
	exitFine     = 0
	exitFindings = 1
	exitTrouble  = 2 // a wrong call, or an environment in which the command can't do its work
)

// errFindings makes a command exit with 1: it did its work, and what it found isn't fine. It has printed that.
var errFindings = errors.New("there are findings")

// execute runs one command and gives its exit code.
func execute(ctx context.Context, args []string, in io.Reader, out, errOut io.Writer) int {
	root, printed := newRoot(), &outlet{Writer: out}
	root.SetArgs(args)
	root.SetIn(in)
	root.SetOut(printed)
	root.SetErr(errOut)
	err := root.ExecuteContext(ctx)
	if printed.err != nil && (err == nil || errors.Is(err, errFindings)) {
		err = fmt.Errorf("print: %w", printed.err)
	}
	switch {
	case err == nil:
		return exitFine
	case errors.Is(err, errFindings):
		return exitFindings
	}
	fmt.Fprintf(errOut, "bot: %v\n", err)
	return exitTrouble
}

// global are the flags of every command.
type global struct {
	config string
	json   bool
}

func newRoot() *cobra.Command {
	g := &global{}
	root := &cobra.Command{
		Use:   "bot COMMAND",
		Short: "Verdict: votes, comments and tasks for Gerrit and Taskcluster, by rules that teams own",
		Long: `Verdict hears what happens (Taskcluster's pulse exchanges, Gerrit, the clock), decides by rule files that
teams own, and does it: votes, comments and hashtags on Gerrit, tasks on Taskcluster.

Exit codes: 0 fine, 1 findings, 2 a wrong call or environment.`,
		Example: `  bot demo                          # see it work, with nothing else installed
  bot check rules                   # are these rule files right?
  bot run --config config.yaml      # run the bot
  bot status                        # how is it?`,
		SilenceErrors:     true,
		SilenceUsage:      true,
		DisableAutoGenTag: true,
		CompletionOptions: cobra.CompletionOptions{DisableDefaultCmd: true},
	}
	root.PersistentFlags().StringVar(&g.config, "config", "config.yaml", "the bot's configuration")
	root.PersistentFlags().BoolVar(&g.json, "json", false, "print JSON")
	root.AddCommand(
		newRun(g), newDemo(g), newCheck(g), newTest(g), newTry(g), newCI(g), newStatus(g), newEvents(g), newActions(g), newWhy(g),
		newHold(g), newRelease(g), newRules(g), newScopes(g), newFields(g), newFmt(), newSchema(), newTaskcluster(g), newGerrit(g), newDoctor(g), newVersion(g), newCompletion(),
	)
	root.SetFlagErrorFunc(explainFlag)
	explainCalls(root)
	return root
}
