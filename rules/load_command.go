package rules

import (
	"fmt"
	"regexp"
	"slices"
	"strings"

	"verdict/rules/yamlfile"
)

// commandName is how a command is called: a word as people write it, alone on a line or with more behind it.
var commandName = regexp.MustCompile(`^[/!@]?[A-Za-z][A-Za-z0-9._/-]*$`)

// byWords are the words of `by` that aren't names.
var byWords = []string{byOwner, byUploader, byAuthor, whoAnyone}

// command reads what people write, and who may. Nobody but the owner may where nothing is said: what a command starts
// costs, and everybody can write a comment.
func (r *ruleLoader) command(form onForm, t *Trigger) bool {
	n := form.Command
	if n.Kind == yamlfile.Mapping || n.Kind == yamlfile.Sequence || n.Kind == yamlfile.Null || n.Text == "" {
		r.refuse(n, "a command is a word that people write on a line of its own", "command: recheck")
		return false
	}
	if first, _, more := strings.Cut(strings.TrimSpace(n.Text), " "); more && commandName.MatchString(first) {
		r.refuse(n, fmt.Sprintf("%q is more than a word", n.Text), fmt.Sprintf("write command: %s; what follows the word is command.args", first))
		return false
	}
	if !commandName.MatchString(n.Text) {
		r.refuse(n, fmt.Sprintf("%q can't be a command", n.Text), "letters, digits, . _ - and /, the first a letter; before it may stand one of / ! @")
		return false
	}
	t.By = []string{byOwner}
	if form.By == nil {
		return true
	}
	var by wordsForm
	problems := by.DecodeNode(form.By)
	r.problems(problems)
	t.By = by
	ok := len(problems) == 0
	if ok && len(by) == 0 {
		r.refuse(form.By, "nobody may give the command", strings.Join(byWords, ", ")+", group:NAME, user:NAME or an address")
		return false
	}
	for i, word := range by {
		ok = r.by(form.By.List()[i], word, slices.Contains(by[:i], word)) && ok
	}
	return ok
}

func (r *ruleLoader) by(n *yamlfile.Node, word string, again bool) bool {
	group, isGroup := strings.CutPrefix(word, whoGroup)
	user, isUser := strings.CutPrefix(word, whoUser)
	switch {
	case again:
		r.refuse(n, fmt.Sprintf("%q stands here twice", word), "take one away")
	case slices.Contains(byWords, word), isGroup && group != "", isUser && user != "", !isGroup && !isUser && strings.Count(word, "@") == 1 && len(word) > 2:
		return true
	default:
		hint := strings.Join(byWords, ", ") + ", group:NAME, user:NAME or an address"
		if near := yamlfile.Nearest(word, byWords); near != "" {
			hint = "did you mean " + near + "?"
		} else if word != "" && !strings.ContainsAny(word, ": @") {
			hint = "did you mean user:" + word + "?"
		}
		r.refuse(n, fmt.Sprintf("%q names nobody", word), hint)
	}
	return false
}
