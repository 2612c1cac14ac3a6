package doctor

import (
	"context"
	"fmt"
	"strings"

	"verdict/pulse"
)

// Pulse is the broker, and what the bot consumes there.
type Pulse struct {
	// Config is the consumer's; Handle isn't needed.
	Config pulse.Config
	// Exchanges are the full names of those that the rules need; none: there are no rules on exchanges.
	Exchanges []string
	// Warn and Delete are the broker's limits of a queue, in messages; zero: it has none.
	Warn, Delete int
	// Running says that the bot runs, and so consumes.
	Running bool
}

// Examine looks at the broker, the user's permissions and the queue.
func (p Pulse) Examine(ctx context.Context) Report {
	f := &findings{service: "pulse"}
	found, err := pulse.Probe(ctx, p.Config, p.Exchanges)
	if err != nil {
		f.missing("connect", err.Error(), "correct pulse in the configuration")
		return f.report
	}
	bound := 0
	for _, t := range found.Trials {
		switch {
		case t.Err != nil:
			f.missing(t.Name, t.Err.Error(), p.remedy(t))
		case t.Name == pulse.TrialConnect:
			f.fine(t.Name, "%s as %s", t.Of, p.Config.User)
		case t.Name == pulse.TrialBind:
			bound++
		case t.Name == pulse.TrialConfigure:
			f.fine(t.Name, "queue/%s/… can be declared", p.Config.User)
		case t.Name == pulse.TrialRead:
			f.fine(t.Name, "queue/%s/… can be read", p.Config.User)
		}
	}
	if bound > 0 {
		f.fine(pulse.TrialBind, "%s that the rules need", plural(bound, "exchange"))
	}
	if n := len(found.Trials); n > 0 && found.Trials[n-1].Name == pulse.TrialInspect && found.Trials[n-1].Err == nil {
		p.queue(f, found)
	}
	return f.report
}

// queue tells how the bot's own queue is.
func (p Pulse) queue(f *findings, found pulse.Probed) {
	text := fmt.Sprintf("%s, %s", plural(found.Messages, "message"), plural(found.Consumers, "consumer"))
	switch {
	case !found.Exists:
		f.note("queue", p.Config.Queue+" isn't there yet; the bot declares it when it starts", "")
	case p.Delete > 0 && found.Messages >= p.Delete/2 && found.Messages >= p.Warn:
		f.missing("queue", fmt.Sprintf("%s: the broker deletes the queue at %d", text, p.Delete), "start the bot; if it runs, bot status says what it waits for")
	case p.Warn > 0 && found.Messages >= p.Warn:
		f.missing("queue", fmt.Sprintf("%s: the bot falls behind", text), "start the bot; if it runs, bot status says what it waits for")
	case found.Consumers > 0 && !p.Running:
		f.missing("queue", text+", and no bot answers on the admin socket: somebody else reads from it",
			"give each bot on the broker an instance of its own; replicas of this one are fine")
	default:
		f.fine("queue", "%s", text)
	}
}

func (p Pulse) remedy(t pulse.Trial) string {
	own := fmt.Sprintf("^(queue/%[1]s/.*|exchange/%[1]s/.*)", p.Config.User)
	switch {
	case t.Name == pulse.TrialConnect:
		return fmt.Sprintf("see that pulse.url can be reached from here, and that the password of %s is the one in pulse.passwordFile", p.Config.User)
	case t.Missing && t.Name == pulse.TrialBind:
		return "no service has declared it: see that it is spelled as in Taskcluster's reference, and pulse.exchangePrefix and vhost are right"
	case t.Refused && t.Name == pulse.TrialBind && !strings.HasPrefix(t.Of, "exchange/"):
		return "pulse lets users read exchanges that begin with exchange/ only; name one of those in the rule"
	case t.Refused:
		return fmt.Sprintf("an administrator of the broker gives %s the rights of a pulse user: configure and write %s, read ^(queue/%s/.*|exchange/.*)", p.Config.User, own, p.Config.User)
	}
	return "see what the broker's log says of it, and look again"
}
