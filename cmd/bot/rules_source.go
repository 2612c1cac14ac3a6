package main

import (
	"context"
	"errors"

	"verdict/internal/app"
	"verdict/internal/app/rulefiles"
	"verdict/internal/config"
	"verdict/rules"
)

// configuredRules are the rules and teams.yaml that the configuration names, of the repository or of the folder.
func configuredRules(ctx context.Context, cfg *config.Config) (teams *rules.Teams, files map[string][]byte, found []rules.Diagnostic, err error) {
	if cfg.Rules.Git.URL == "" {
		if teams, found, err = loadTeams("", cfg.Rules.Teams); err != nil {
			return nil, nil, nil, err
		}
		files, _, err = rulefiles.Read(cfg.Rules.Dir)
		return teams, files, found, err
	}
	files, text, err := app.FetchRules(ctx, cfg)
	if err != nil {
		return nil, nil, nil, err
	}
	teams, found = rules.LoadTeams(cfg.Rules.Teams, text)
	return teams, files, found, nil
}

var errHalfNamed = errors.New("with rules.git, --rules and --teams go together: the paths of the configuration are in the repository")
