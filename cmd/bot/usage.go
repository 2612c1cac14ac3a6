package main

import (
	"errors"
	"fmt"
	"io"
	"strings"

	"github.com/spf13/cobra"
)

// explainCalls has a command, and those below it, answer a wrong call with the right one.
func explainCalls(c *cobra.Command) {
	for _, sub := range c.Commands() {
		explainCalls(sub)
	}
	if c.HasSubCommands() && c.HasParent() {
		c.Args = oneOfCommands
		c.RunE = func(c *cobra.Command, _ []string) error { return c.Help() }
		c.DisableFlagsInUseLine, c.SuggestionsMinimumDistance = true, 2
		return
	}
	if fits := c.Args; fits != nil {
		c.Args = func(c *cobra.Command, args []string) error {
			if fits(c, args) == nil {
				return nil
			}
			return fmt.Errorf("write: %s %s; %s --help tells more", c.Parent().CommandPath(), c.Use, c.CommandPath())
		}
	}
}

// oneOfCommands refuses what is none of a command's own; left to cobra it would print the help and be taken for done.
func oneOfCommands(c *cobra.Command, args []string) error {
	if len(args) == 0 {
		return nil
	}
	text := fmt.Sprintf("unknown command %q for %q", args[0], c.CommandPath())
	if near := c.SuggestionsFor(args[0]); len(near) > 0 {
		text += "; did you mean " + strings.Join(near, " or ") + "?"
	}
	return errors.New(text)
}

// explainFlag names the place where a command's flags are told.
func explainFlag(c *cobra.Command, err error) error {
	return fmt.Errorf("%w; %s --help lists the flags", err, c.CommandPath())
}

// outlet remembers that something couldn't be written, which not every line that is printed looks for: a list that is
// cut short isn't to pass for a whole one.
type outlet struct {
	io.Writer
	err error
}

func (o *outlet) Write(p []byte) (int, error) {
	n, err := o.Writer.Write(p)
	if o.err == nil {
		o.err = err
	}
	return n, err
}
