package gerrit_test

import (
	"go/ast"
	"go/parser"
	"go/token"
	"path/filepath"
	"reflect"
	"strconv"
	"testing"

	"verdict/gerrit"
)

func number(n int) string { return strconv.Itoa(n) }

// methods are what each method of the client does, on a server.
var methods = []struct {
	name string
	run  func(t *testing.T, s *site)
}{
	{"Projects", projects},
	{"Branches", branches},
	{"Tags", tags},
	{"Groups", groups},
	{"Accounts", accounts},
	{"Tokens", tokens},
	{"Queries", queries},
	{"Change", oneChange},
	{"Mergeable", mergeable},
	{"Revision", revision},
	{"Files", files},
	{"Edit", edit},
	{"Topic", topic},
	{"Hashtags", hashtags},
	{"Review", review},
	{"DroppedVotes", droppedVotes},
	{"Comments", comments},
	{"Reviewers", reviewers},
	{"AttentionSet", attentionSet},
	{"WorkInProgress", workInProgress},
	{"Private", private},
	{"AbandonAndRestore", abandonAndRestore},
	{"Rebase", rebase},
	{"MoveAndCherryPick", moveAndCherryPick},
	{"Submit", submit},
	{"Delete", deleteChange},
}

func TestMethodsOnTheRealServer(t *testing.T) {
	s := realSite(t)
	for _, m := range methods {
		t.Run(m.name, func(t *testing.T) { m.run(t, s) })
	}
}

func TestMethodsOnTheFake(t *testing.T) {
	for _, m := range methods {
		t.Run(m.name, func(t *testing.T) {
			t.Parallel()
			m.run(t, fakeSite(t))
		})
	}
}

// TestEveryMethodIsExercised looks for a call of each method in the files of
// the cases above.
func TestEveryMethodIsExercised(t *testing.T) {
	called := map[string]bool{}
	names, err := filepath.Glob("methods_*test.go")
	must(t, err)
	for _, name := range names {
		file, err := parser.ParseFile(token.NewFileSet(), name, nil, 0)
		must(t, err)
		ast.Inspect(file, func(n ast.Node) bool {
			if call, ok := n.(*ast.CallExpr); ok {
				if selector, ok := call.Fun.(*ast.SelectorExpr); ok {
					called[selector.Sel.Name] = true
				}
			}
			return true
		})
	}
	for method := range reflect.TypeFor[*gerrit.Client]().Methods() {
		if !called[method.Name] {
			t.Errorf("no case calls %s", method.Name)
		}
	}
}
