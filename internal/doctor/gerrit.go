package doctor

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"net/http"
	"slices"
	"strings"
	"time"

	"verdict/gerrit"
	"verdict/rules"
)

// GerritClient is what is asked of a server.
type GerritClient interface {
	Version(ctx context.Context) (string, error)
	GetAccountInfo(ctx context.Context, accountID string) (gerrit.AccountInfo, error)
	Capabilities(ctx context.Context) (*gerrit.CapabilityInfo, error)
	GetProjects(ctx context.Context, branch string) (map[string]*gerrit.ProjectInfo, error)
	QueryChanges(ctx context.Context, q string, opts ...gerrit.QueryChangesOpt) ([]*gerrit.ChangeInfo, error)
}

var _ GerritClient = (*gerrit.Client)(nil)

// Gerrit is one server, and what the bot is to do there.
type Gerrit struct {
	Name, URL, User string
	Client          GerritClient
	// HTTP looks at the clock; nil is http.DefaultClient.
	HTTP *http.Client
	// Stream says that the bot reads the event stream.
	Stream bool
	// Teams are those of teams.yaml; nil: rights aren't looked at.
	Teams *rules.Teams
	// Projects limits which projects' rights are looked at; none: the first fifty that teams are granted.
	Projects []string
}

const (
	// gerritSkew is from when on clocks matter: a poll goes back for a minute.
	gerritSkew = 30 * time.Second
	// pageWanted is how many changes the bot asks for at once.
	pageWanted = 100
	// projectsLooked is how many projects' rights are looked at unless they are named.
	projectsLooked = 50
)

// Examine looks at the server.
func (g Gerrit) Examine(ctx context.Context) Report {
	f := &findings{service: "gerrit:" + g.Name}
	version, err := g.Client.Version(ctx)
	if err != nil && !errors.Is(err, gerrit.ErrNotAuthorized) {
		f.missing("connect", err.Error(), fmt.Sprintf("see that %s is Gerrit's address as in a browser, and can be reached from here", g.URL))
		return f.report
	}
	if err == nil {
		f.version(version)
	}
	f.clock(ctx, g.HTTP, strings.TrimRight(g.URL, "/")+"/config/server/version", gerritSkew, "events may be taken for too old, or for too new")
	if !g.account(ctx, f) {
		return f.report
	}
	g.capabilities(ctx, f)
	if g.Teams != nil {
		g.projects(ctx, f)
	}
	return f.report
}

// leastGerrit is the oldest version that the bot was ever seen to work with.
var leastGerrit = [2]int{3, 10}

// version tells the server's version, such as 3.13.5 or 3.13.5-12-gabcdef.
func (f *findings) version(text string) {
	var is [2]int
	if n, _ := fmt.Sscanf(text, "%d.%d", &is[0], &is[1]); n == 2 && slices.Compare(is[:], leastGerrit[:]) < 0 {
		f.note("version", fmt.Sprintf("%s; nothing older than %d.%d was tried", text, leastGerrit[0], leastGerrit[1]), "let somebody try rules in shadow first, and look at what bot why says")
		return
	}
	f.fine("version", "%s", text)
}

// account tells who we are; false where nobody knows us.
func (g Gerrit) account(ctx context.Context, f *findings) bool {
	self, err := g.Client.GetAccountInfo(ctx, "self")
	switch {
	case errors.Is(err, gerrit.ErrNotAuthorized):
		f.missing("account", fmt.Sprintf("the password or token of %s isn't accepted", g.User),
			fmt.Sprintf("generate an HTTP password (since 3.13 a token) for %s in Gerrit's settings, and put it into the tokenFile of gerrit.%s", g.User, g.Name))
		return false
	case err != nil:
		f.missing("account", err.Error(), "the trace finds it in Gerrit's log; look again when that is mended")
		return false
	case !slices.Contains(self.Tags, "SERVICE_USER"):
		f.missing("account", fmt.Sprintf("%s (%d) is taken for a person: its votes put it into attention sets", self.Username, self.NumericID),
			fmt.Sprintf("an administrator of Gerrit adds %s to the group Service Users", self.Username))
	default:
		f.fine("account", "%s (%d), SERVICE_USER", self.Username, self.NumericID)
	}
	return true
}

func (g Gerrit) capabilities(ctx context.Context, f *findings) {
	can, err := g.Client.Capabilities(ctx)
	if err != nil {
		f.note("capabilities", err.Error(), "")
		return
	}
	switch {
	case can.QueryLimit == nil:
		f.missing("queryLimit", "no changes may be queried, so nothing can be polled", "an administrator grants the global capability Query Limit, 0..500, to Service Users")
	case can.QueryLimit.Max < pageWanted:
		f.missing("queryLimit", fmt.Sprintf("%d changes a page, and the bot asks for %d", can.QueryLimit.Max, pageWanted), "an administrator raises the global capability Query Limit of Service Users to 500")
	default:
		f.fine("queryLimit", "%d changes a page", can.QueryLimit.Max)
	}
	const remedy = "an administrator grants the global capability Stream Events to Service Users"
	switch {
	case can.StreamEvents:
		f.fine("streamEvents", "the event stream may be read")
	case g.Stream:
		f.missing("streamEvents", "a stream is configured, and the account may not read it", remedy)
	default:
		f.note("streamEvents", "the event stream may not be read; without it Gerrit is polled", remedy+", if a stream is wanted")
	}
	if can.AdministrateServer {
		f.missing("administrator", "the account administers Gerrit, which the bot needs nothing of", "an administrator takes it out of the group Administrators")
	}
}

// granted is what teams may do on a server, by the projects that they may do it on.
type granted struct {
	team  *rules.Team
	grant *rules.Grant
}

func (g Gerrit) grants() (all []granted) {
	for _, team := range g.Teams.All() {
		for i := range team.Gerrit {
			if team.Gerrit[i].Server == g.Name {
				all = append(all, granted{team, &team.Gerrit[i]})
			}
		}
	}
	return all
}

// projects looks at the rights on each project that some team was granted.
func (g Gerrit) projects(ctx context.Context, f *findings) {
	visible, err := g.Client.GetProjects(ctx, "")
	if err != nil {
		f.note("projects", err.Error(), "")
		return
	}
	grants := g.grants()
	if len(grants) == 0 {
		f.note("projects", "no team is granted anything on this server", fmt.Sprintf("an entry with server: %s under gerrit of a team in %s", g.Name, g.Teams.File))
	}
	for _, one := range grants {
		g.named(f, one, visible)
	}
	names := slices.DeleteFunc(slices.Sorted(maps.Keys(visible)), func(name string) bool { return !covered(grants, name) })
	if len(g.Projects) > 0 {
		names = slices.DeleteFunc(slices.Clone(g.Projects), func(name string) bool {
			if covered(grants, name) && visible[name] != nil {
				return false
			}
			f.missing(name, "no such project is granted to a team and seen by the account", "correct --project, or grant it to a team in "+g.Teams.File)
			return true
		})
	} else if len(names) > projectsLooked {
		f.note("projects", fmt.Sprintf("%s are granted; the first %d are looked at", plural(len(names), "project"), projectsLooked), "--project NAME looks at others")
		names = names[:projectsLooked]
	}
	for _, name := range names {
		g.rights(ctx, f, grants, name)
	}
}

// named tells grants of projects that the account doesn't see.
func (g Gerrit) named(f *findings, one granted, visible map[string]*gerrit.ProjectInfo) {
	where := fmt.Sprintf("%s:%d", g.Teams.File, one.grant.Line)
	for _, pattern := range one.grant.Projects {
		switch {
		case strings.HasPrefix(pattern, "!"):
		case !strings.ContainsAny(pattern, "*?") && visible[pattern] == nil:
			f.missing(pattern, fmt.Sprintf("granted to %s, and not there or hidden from the account", one.team.Name),
				fmt.Sprintf("grant Read on refs/* of the project to the account's group, or correct %s", where))
		case strings.ContainsAny(pattern, "*?") && !fitsAny(pattern, visible):
			f.note(pattern, fmt.Sprintf("granted to %s, and no project fits that the account sees", one.team.Name), "grant Read on refs/* of the projects to the account's group, or correct "+where)
		}
	}
}

func fitsAny(pattern string, projects map[string]*gerrit.ProjectInfo) bool {
	for name := range projects {
		if rules.FitsPattern(pattern, name) {
			return true
		}
	}
	return false
}

// may tells whether the team may do anything that this grant names.
func may(one granted, project, branch string) bool {
	return slices.ContainsFunc(one.grant.Actions, func(action string) bool {
		return one.team.MayDo(one.grant.Server, project, branch, action) == nil
	})
}

func covered(grants []granted, project string) bool {
	return slices.ContainsFunc(grants, func(one granted) bool { return may(one, project, "") })
}
