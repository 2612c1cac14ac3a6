package facts

import (
	"context"
	"fmt"
	"strings"
	"sync"

	"verdict/gerrit"
	"verdict/rules"
)

// accountFact is who caused the event, as the event says.
func (f *Session) accountFact() (any, error) {
	a := f.about.Actor
	if a == nil {
		return nil, ErrNone
	}
	return map[string]any{"id": a.ID, "name": a.Name, "email": a.Email, "username": a.Username}, nil
}

// accountGroups are the groups that the account is in, as Gerrit says now, those that include one of its groups too.
func (f *Session) accountGroups(ctx context.Context) (any, error) {
	if f.about.Actor == nil {
		return nil, ErrNone
	}
	a, err := f.Account(ctx)
	if err != nil {
		return nil, err
	}
	return anys(a.Groups), nil
}

// Account is who caused the event, with the groups; asked for once.
func (f *Session) Account(ctx context.Context) (rules.Account, error) {
	a := f.about.Actor
	if a == nil {
		return rules.Account{}, ErrNone
	}
	if f.actor == nil {
		known, err := f.s.Account(ctx, f.about.Server, a)
		if err != nil {
			return rules.Account{}, err
		}
		f.actor = &known
	}
	return *f.actor, nil
}

// Account completes an account with the groups that it is in now.
func (s *Source) Account(ctx context.Context, server string, a *gerrit.EventAccount) (rules.Account, error) {
	g, ok := s.Gerrit[server]
	if !ok {
		return rules.Account{}, fmt.Errorf("%w: no Gerrit is called %q in the configuration", ErrNone, server)
	}
	return identity(ctx, g, &gerrit.AccountInfo{NumericID: a.ID, Username: a.Username, Email: a.Email})
}

// joined puts a fact that is a part of another, account.groups, where rules look for it.
func joined(known map[string]any) map[string]any {
	for name, value := range known {
		whole, field, part := strings.Cut(name, ".")
		if of, ok := known[whole].(map[string]any); part && ok {
			of[field] = value
			delete(known, name)
		}
	}
	return known
}

// selves remembers by server which account is ours.
type selves struct {
	mu sync.Mutex
	id map[string]int64
}

// Self is the number of our own account on a server, asked for once. ok is false where nobody can be asked: facts are
// recorded ones, or the server isn't configured.
func (s *Source) Self(ctx context.Context, server string) (id int64, ok bool, err error) {
	g := s.Gerrit[server]
	if s.Recorded != nil || g == nil {
		return 0, false, nil
	}
	s.selves.mu.Lock()
	defer s.selves.mu.Unlock()
	if id, ok := s.selves.id[server]; ok {
		return id, true, nil
	}
	info, err := g.GetAccountInfo(ctx, "self")
	if err != nil {
		return 0, false, fmt.Errorf("ask %s who we are: %w", server, err)
	}
	if s.selves.id == nil {
		s.selves.id = map[string]int64{}
	}
	s.selves.id[server] = info.NumericID
	return info.NumericID, true, nil
}
