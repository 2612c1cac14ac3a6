package main

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"github.com/spf13/cobra"

	"verdict/rules"
)

// errUnreadable says that a file was left as it is, which has been told.
var errUnreadable = errors.New("not formatted")

func newFmt() *cobra.Command {
	var check bool
	var teams string
	cmd := &cobra.Command{
		Use:   "fmt [--check] [--teams FILE] PATH...",
		Short: "Write rule files in the one way",
		Long: `Fmt writes rule files as docs/tools.md says: keys in order, single quotes outside and double ones inside,
texts of several lines after |. Comments and blank lines between rules stay, and what the file means does too. A
file that can't be parsed is left as it is. It prints the files that it changed.

PATH is a folder, of which it takes all *.yaml but teams.yaml and what --teams names, or a file; - reads standard input and writes to
standard output. With --check nothing is written: what would change is shown, and the exit code is 1.`,
		Example: `  bot fmt rules
  bot fmt --check rules
  bot fmt - < rules/graphics/ci.yaml`,
		Args: cobra.MinimumNArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			files, err := filesToFormat(args, teams)
			if err != nil {
				return err
			}
			found := false
			for _, name := range files {
				changed, err := formatFile(cmd, name, check)
				if err != nil && !errors.Is(err, errUnreadable) {
					return err
				}
				found = found || err != nil || changed && check
			}
			if found {
				return errFindings
			}
			return nil
		},
	}
	cmd.Flags().BoolVar(&check, "check", false, "show what would change, and write nothing")
	cmd.Flags().StringVar(&teams, "teams", "", "the administrators' file of teams and grants, which is left alone")
	return cmd
}

// filesToFormat are the files that the paths name, in their order; in folders teams.yaml and the named one are left out.
func filesToFormat(paths []string, teams string) ([]string, error) {
	var files []string
	var theirs fs.FileInfo
	var err error
	if teams != "" {
		if theirs, err = os.Stat(teams); err != nil {
			return nil, fmt.Errorf("fmt: %w", err)
		}
	}
	isTeams := func(d fs.DirEntry) bool {
		info, err := d.Info()
		return d.Name() == "teams.yaml" || err == nil && os.SameFile(info, theirs)
	}
	for _, path := range paths {
		if path == "-" {
			files = append(files, path)
			continue
		}
		err := filepath.WalkDir(path, func(name string, d fs.DirEntry, err error) error {
			switch {
			case err != nil:
				return err
			case d.IsDir() && name != path && strings.HasPrefix(d.Name(), "."):
				return fs.SkipDir
			case name == path && !d.IsDir(), d.Type().IsRegular() && strings.HasSuffix(name, ".yaml") && !isTeams(d):
				files = append(files, name)
			}
			return nil
		})
		if err != nil {
			return nil, fmt.Errorf("fmt: %w", err)
		}
	}
	return files, nil
}

// formatFile formats one file, and says whether that changed it. What is wrong with it was printed where the error
// is errUnreadable.
func formatFile(cmd *cobra.Command, name string, check bool) (changed bool, err error) {
	data, err := readFile(cmd, name)
	if err != nil {
		return false, fmt.Errorf("fmt: %w", err)
	}
	out, problems := rules.Format(name, data)
	if len(problems) > 0 {
		for _, d := range problems {
			fmt.Fprintf(cmd.ErrOrStderr(), "%s\n%s", d, d.Excerpt())
		}
		return false, errUnreadable
	}
	changed = !bytes.Equal(data, out)
	switch {
	case check && changed:
		printDiff(cmd.OutOrStdout(), name, data, out)
	case check:
	case name == "-":
		_, err = cmd.OutOrStdout().Write(out)
	case changed:
		if err = replaceFile(name, out); err == nil {
			fmt.Fprintln(cmd.OutOrStdout(), name)
		}
	}
	return changed, err
}

func readFile(cmd *cobra.Command, name string) ([]byte, error) {
	if name == "-" {
		return io.ReadAll(cmd.InOrStdin())
	}
	return os.ReadFile(name)
}

// replaceFile writes beside the file and renames, so that it is there whole at any moment; a link stays one.
func replaceFile(name string, data []byte) error {
	target, err := filepath.EvalSymlinks(name)
	if err != nil {
		return fmt.Errorf("fmt: %w", err)
	}
	info, err := os.Stat(target)
	if err != nil {
		return fmt.Errorf("fmt: %w", err)
	}
	temporary, err := os.CreateTemp(filepath.Dir(target), ".fmt-*")
	if err != nil {
		return fmt.Errorf("fmt: %w", err)
	}
	defer os.Remove(temporary.Name()) // it is gone where all went well
	_, err = temporary.Write(data)
	err = errors.Join(err, temporary.Chmod(info.Mode().Perm()), temporary.Sync(), temporary.Close())
	if err == nil {
		err = os.Rename(temporary.Name(), target)
	}
	if err != nil {
		return fmt.Errorf("fmt: write %s: %w", name, err)
	}
	return nil
}
