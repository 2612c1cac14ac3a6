package main

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/spf13/cobra"

	"verdict/internal/app"
)

// errEnough ends a command that follows something, as it should end.
var errEnough = errors.New("enough")

// followFlags say how long a command goes on that prints what happens as it happens.
type followFlags struct {
	life  lifetime
	count int
}

func (f *followFlags) register(cmd *cobra.Command, noun string) {
	cmd.Flags().Var(&f.life, "for", "end after this long; 0: don't")
	cmd.Flags().IntVar(&f.count, "count", 0, fmt.Sprintf("end after this many %ss; 0: don't", noun))
}

// begin gives a ctx that ends by Ctrl-C, by SIGTERM and when its time is over, and what counts.
func (f *followFlags) begin(parent context.Context) (ctx context.Context, left *countdown, stop func(), err error) {
	if f.count < 0 {
		return nil, nil, nil, errors.New("--count: a number, or 0 for no end")
	}
	ctx, _, stop = app.Signals(parent)
	if f.life > 0 {
		timed, cancel := context.WithTimeout(ctx, time.Duration(f.life))
		outer := stop
		ctx, stop = timed, func() { cancel(); outer() }
	}
	return ctx, &countdown{endless: f.count == 0, left: f.count}, stop, nil
}

// countdown counts what is still to be printed.
type countdown struct {
	endless bool
	left    int
}

func (c *countdown) over() bool { return !c.endless && c.left <= 0 }

func (c *countdown) one() { c.left-- }

// asWanted tells whether what ended a ctx is that somebody stopped it, or that it has done enough.
func asWanted(cause error) bool {
	return cause == errEnough || errors.Is(cause, context.Canceled) || errors.Is(cause, context.DeadlineExceeded)
}
