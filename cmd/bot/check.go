package main

import (
	"fmt"
	"os"
	"path/filepath"
	"runtime/debug"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"verdict/internal/app/rulefiles"
	"verdict/internal/app/ruleset"
	"verdict/internal/config"
	"verdict/rules"
)

func newCheck(g *global) *cobra.Command {
	var teams string
	var strict bool
	cmd := &cobra.Command{
		Use:   "check [--teams FILE] [--strict] PATH...",
		Short: "Tell all that is wrong with rule files",
		Long: `Check reads rule files as bot run does, and prints all that is wrong, each with its place. PATH is the rules'
folder, a team's folder in it, or a file. It needs nothing but the rules and teams.yaml, and speaks to no server.

Without --teams it takes the teams.yaml that lies in the rules' folder or beside it; where there is none, each
folder counts as a team and grants are not checked. With --config, the schedulerId there is that of tasks which
don't name one; else it is verdict.

Errors keep a team's rules from being loaded. Warnings are about what loads and can hardly be meant: a rule that can
never act, teams that vote on one label, scopes that may turn out to be missing. Notes are good to know: which messages
nothing makes up for if they are lost.

It exits with 1 when there are errors; with --strict also when there are warnings. Notes change nothing.`,
		Example: `  bot check rules
  bot check --teams /etc/verdict/teams.yaml rules/graphics
  bot check --json rules/graphics/ci.yaml`,
		Args: cobra.MinimumNArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			if os.Getenv("GOGC") == "" {
				debug.SetGCPercent(250) // it ends soon: time is worth more than memory
			}
			scheduler := ""
			if cmd.Flags().Changed("config") {
				cfg, err := config.Load(g.config)
				if err != nil {
					return err
				}
				scheduler = cfg.Taskcluster.SchedulerID
			}
			found, count, err := check(args, teams, scheduler)
			if err != nil {
				return err
			}
			if g.json {
				err = printJSON(cmd, viewsOf(found))
			} else {
				printDiagnostics(cmd, found, count)
			}
			if err == nil && (rules.HasErrors(found) || strict && severities(found)[rules.Warning] > 0) {
				return errFindings
			}
			return err
		},
	}
	cmd.Flags().StringVar(&teams, "teams", "", "the administrators' file of teams and grants")
	cmd.Flags().BoolVar(&strict, "strict", false, "exit with 1 when there are warnings, too")
	return cmd
}

// check gives all diagnostics about the paths, as they were named, and how many rules there are in them.
func check(paths []string, teamsFile, schedulerID string) (found []rules.Diagnostic, count int, err error) {
	c := checker{teamsFile: teamsFile, schedulerID: schedulerID, folders: map[string]checkedFolder{}}
	seen := map[string]bool{}
	for _, path := range paths {
		d, n, err := c.path(path)
		if err != nil {
			return nil, 0, err
		}
		count += n
		for _, one := range d {
			if key := one.String(); !seen[key] {
				seen[key] = true
				found = append(found, one)
			}
		}
	}
	return found, count, nil
}

// checker reads each folder of rules once, however many paths are in it.
type checker struct {
	teamsFile, schedulerID string
	folders                map[string]checkedFolder
}

type checkedFolder struct {
	set   *rules.Set
	found []rules.Diagnostic
}

func (c checker) path(path string) ([]rules.Diagnostic, int, error) {
	info, err := os.Stat(path)
	if err != nil {
		return nil, 0, fmt.Errorf("check: %w", err)
	}
	teams, diagnostics, err := loadTeams(path, c.teamsFile)
	if err != nil || rules.HasErrors(diagnostics) {
		return diagnostics, 0, err
	}
	root, below, err := rulesFolder(path, info.IsDir(), teams)
	if err != nil {
		return nil, 0, err
	}
	set, found, err := c.folder(root, teams)
	if err != nil {
		return nil, 0, err
	}
	wanted := func(file string) bool { return below == "." || file == below || strings.HasPrefix(file, below+"/") }
	for _, d := range found {
		if teams != nil && d.File == teams.File {
			diagnostics = append(diagnostics, d)
		} else if wanted(d.File) || d.By != "" && wanted(d.By) {
			d.File = filepath.Join(shown(root), filepath.FromSlash(d.File))
			diagnostics = append(diagnostics, d)
		}
	}
	count := 0
	for _, r := range set.Rules() {
		if wanted(r.File) {
			count++
		}
	}
	return diagnostics, count, nil
}

// folder checks all rules in a folder, with the teams that are nearest to it.
func (c checker) folder(root string, teams *rules.Teams) (*rules.Set, []rules.Diagnostic, error) {
	key := root
	if teams != nil {
		key += "\x00" + teams.File
	}
	if of, ok := c.folders[key]; ok {
		return of.set, of.found, nil
	}
	files, refused, err := rulefiles.Read(root)
	if err != nil {
		return nil, nil, err
	}
	set, found := ruleset.Load(rules.Sources{Files: files, Refused: refused, Teams: teams, SchedulerID: c.schedulerID, Advise: true})
	c.folders[key] = checkedFolder{set, found}
	return set, found, nil
}

// loadTeams reads the named teams.yaml, or the nearest one; nil when there is none.
func loadTeams(path, file string) (*rules.Teams, []rules.Diagnostic, error) {
	if file == "" {
		file = nearestTeams(path)
	}
	if file == "" {
		return nil, nil, nil
	}
	data, err := os.ReadFile(file)
	if err != nil {
		return nil, nil, fmt.Errorf("check: %w", err)
	}
	teams, diagnostics := rules.LoadTeams(file, data)
	return teams, diagnostics, nil
}

// nearestTeams looks for teams.yaml in the path, in the folders around it up to two levels, and beside these.
func nearestTeams(path string) string {
	folder, err := filepath.Abs(path)
	if err != nil {
		return ""
	}
	for range 4 {
		name := filepath.Join(folder, "teams.yaml")
		if info, err := os.Stat(name); err == nil && info.Mode().IsRegular() {
			return shown(name)
		}
		folder = filepath.Dir(folder)
	}
	return ""
}

// rulesFolder finds the folder that teams' folders are in, and the path below it. Without teams, or where no team's
// folder is on the way, it is the path itself.
func rulesFolder(path string, isDir bool, teams *rules.Teams) (root, below string, err error) {
	abs, err := filepath.Abs(path)
	if err != nil {
		return "", "", fmt.Errorf("check: %w", err)
	}
	if isDir && holdsTeam(abs, teams) {
		return abs, ".", nil
	}
	for root = filepath.Dir(abs); ; root = filepath.Dir(root) {
		rel, err := filepath.Rel(root, abs)
		if err != nil {
			return "", "", fmt.Errorf("check: %w", err)
		}
		rel = filepath.ToSlash(rel)
		if slices.ContainsFunc(teams.All(), func(t *rules.Team) bool { return strings.HasPrefix(rel+"/", t.Folder) }) {
			return root, rel, nil
		}
		if root == filepath.Dir(root) {
			break
		}
	}
	switch {
	case isDir && teams == nil && holdsFolders(abs):
		return abs, ".", nil
	case isDir && teams != nil:
		return "", "", fmt.Errorf("check: %s is no team's folder in %s, and holds none", path, teams.File)
	case isDir:
		return filepath.Dir(abs), filepath.Base(abs), nil // a team's folder
	case teams != nil:
		return "", "", fmt.Errorf("check: %s is in no team's folder of %s; name the rules' folder, a team's, or a file there", path, teams.File)
	}
	folder := filepath.Dir(abs)
	return filepath.Dir(folder), filepath.Base(folder) + "/" + filepath.Base(abs), nil
}

func holdsTeam(folder string, teams *rules.Teams) bool {
	return slices.ContainsFunc(teams.All(), func(t *rules.Team) bool {
		info, err := os.Stat(filepath.Join(folder, filepath.FromSlash(t.Folder)))
		return err == nil && info.IsDir()
	})
}

// holdsFolders tells a rules' folder from a team's: files lie only in the latter.
func holdsFolders(folder string) bool {
	names, err := filepath.Glob(filepath.Join(folder, "*.yaml"))
	return err == nil && !slices.ContainsFunc(names, func(name string) bool { return filepath.Base(name) != "teams.yaml" })
}

// shown is a path as a person at this place would write it.
func shown(path string) string {
	here, err := os.Getwd()
	if err != nil {
		return path
	}
	rel, err := filepath.Rel(here, path)
	if err != nil || strings.HasPrefix(rel, "..") {
		return path
	}
	return rel
}

// mostNotes is how many notes are printed: what somebody has to do shouldn't drown in what is good to know.
const mostNotes = 10

func printDiagnostics(cmd *cobra.Command, found []rules.Diagnostic, count int) {
	out := cmd.OutOrStdout()
	notes := 0
	for _, d := range found {
		if d.Severity != rules.Note {
			fmt.Fprintln(out, d)
			fmt.Fprint(out, d.Excerpt())
		} else if notes++; notes <= mostNotes {
			fmt.Fprintln(out, d)
		}
	}
	if notes > mostNotes {
		fmt.Fprintf(out, "and %s; --json has all\n", plural(notes-mostNotes, "more note"))
	}
	n := severities(found)
	summary := plural(count, "rule") + ", no errors"
	if n[rules.Error] > 0 {
		summary = plural(n[rules.Error], "error")
	}
	if n[rules.Warning] > 0 {
		summary += ", " + plural(n[rules.Warning], "warning")
	}
	fmt.Fprintln(out, summary)
}

// severities counts diagnostics.
func severities(found []rules.Diagnostic) map[rules.Severity]int {
	n := map[rules.Severity]int{}
	for _, d := range found {
		n[d.Severity]++
	}
	return n
}

// diagnostic is one as JSON.
type diagnostic struct {
	File     string `json:"file"`
	Line     int    `json:"line"`
	Column   int    `json:"column"`
	Length   int    `json:"length,omitempty"`
	Severity string `json:"severity"`
	Team     string `json:"team,omitempty"`
	Message  string `json:"message"`
	Hint     string `json:"hint,omitempty"`
	Source   string `json:"source,omitempty"`
}

func viewsOf(found []rules.Diagnostic) []diagnostic {
	out := make([]diagnostic, 0, len(found))
	for _, d := range found {
		out = append(out, diagnostic{d.File, d.Line, d.Column, d.Length, d.Severity.String(), d.Team, d.Message, d.Hint, d.Source})
	}
	return out
}
