package rules

import (
	"bytes"
	"fmt"
	"path"
	"slices"
	"strings"

	"verdict/rules/yamlfile"
)

// fromFile are the keys of an action whose value may stand in a file of its own: texts, and definitions.
var fromFile = []string{kindComment, "message", kindTask, "tasks"}

func isText(key string) bool { return key == kindComment || key == "message" }

// withFiles puts, for {file: PATH}, what the file says. What is wrong in it is told where it stands there.
func (r *ruleLoader) withFiles(n *yamlfile.Node) *yamlfile.Node {
	out := *n
	out.Entries = slices.Clone(n.Entries)
	for i, e := range out.Entries {
		if named := e.Value.Get("file"); named != nil && slices.Contains(fromFile, e.Key.Text) {
			if len(e.Value.Entries) > 1 {
				r.refuse(e.Value, "file stands alone: the rest is in it", "")
			}
			out.Entries[i].Value = r.readFile(named, e)
		}
	}
	return &out
}

// readFile is what a file says; the node that names it, where that can't be had, and it is told why.
func (r *ruleLoader) readFile(n *yamlfile.Node, e yamlfile.Entry) *yamlfile.Node {
	name, why := r.team.fileOf(r.name, n)
	data, there := r.in.Files[name]
	switch {
	case why != "":
		r.refuse(n, why, "name a file below "+r.team.Folder+", by its path from this file's folder")
	case r.in.Refused[name] != "":
		r.refuse(n, fmt.Sprintf("%s is not read: %s", name, r.in.Refused[name]), "")
	case !there:
		r.refuse(n, fmt.Sprintf("there is no file %s", name), near(name, r.in.Files))
	case name == r.name || strings.HasSuffix(name, ".test.yaml"):
		r.refuse(n, name+" holds rules or tests", "")
	case isText(e.Key.Text) && strings.HasSuffix(name, ".yaml"): // its own rules would be gone, and bot fmt would change it
		r.refuse(n, name+" is no text: what ends in .yaml holds rules, or definitions of tasks", "name it "+strings.TrimSuffix(n.Text, "yaml")+"txt")
	default:
		if read := r.parseNamed(name, data, e.Key.Text); read != nil {
			return read
		}
	}
	return &yamlfile.Node{Kind: yamlfile.Null}
}

func (r *ruleLoader) parseNamed(name string, data []byte, key string) *yamlfile.Node {
	if isText(key) {
		text, problems := yamlfile.ParseText(name, data)
		if text != nil {
			r.read = append(r.read, text.File())
		}
		r.problems(problems)
		if text != nil && strings.TrimSpace(text.Text) == "" {
			r.refuse(text, "the file is empty", "")
			return nil
		}
		return text
	}
	file, problems := yamlfile.Parse(name, data)
	r.read = append(r.read, file)
	r.problems(problems)
	if file.Root == nil && len(problems) == 0 {
		r.report(Diagnostic{Team: r.team.Name, File: name, Line: 1, Column: 1, Message: "the file is empty", By: r.name})
	}
	return file.Root
}

// near is a hint at the file that may be meant.
func near(name string, files map[string][]byte) string {
	if n := yamlfile.Nearest(name, keys(files)); n != "" {
		return "did you mean " + n + "?"
	}
	return "hidden files, and those that a symlink leads to outside of the rules' folder, are not read"
}

// fileOf is the path of a file that one of a team names, or why it can't be.
func (t *Team) fileOf(from string, n *yamlfile.Node) (name, why string) {
	if n.Kind != yamlfile.String || n.Text == "" {
		return "", "a path is wanted here, not " + n.Kind.String()
	}
	name = path.Join(path.Dir(from), n.Text)
	switch {
	case path.IsAbs(n.Text) || strings.Contains(n.Text, `\`):
		return "", fmt.Sprintf("%q is no path from this file's folder", n.Text)
	case !strings.HasPrefix(name, t.Folder):
		return "", fmt.Sprintf("%q leads out of %s' folder", n.Text, t.Name)
	}
	return name, ""
}

// namedFiles are the files that rules name. They hold what a rule says, and aren't rule files themselves.
func (l *loader) namedFiles() map[string]bool {
	out := map[string]bool{}
	for _, name := range keys(l.in.Files) {
		data := l.in.Files[name]
		team, ok := l.set.teams.of(name)
		if !ok || !strings.HasSuffix(name, ".yaml") || !bytes.Contains(data, []byte("file:")) {
			continue
		}
		file, _ := yamlfile.Parse(name, data)
		rules := file.Root.Get("rules")
		if rules == nil {
			continue
		}
		for _, rule := range rules.Items {
			do := rule.Get("do")
			if do == nil {
				continue
			}
			for _, action := range do.Items {
				for _, key := range fromFile {
					if named := action.Get(key, "file"); named != nil {
						if of, why := team.fileOf(name, named); why == "" && of != name {
							out[of] = true
						}
					}
				}
			}
		}
	}
	return out
}
