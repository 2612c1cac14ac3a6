package rules

import (
	"fmt"
	"slices"
	"strings"

	"verdict/rules/yamlfile"
)

type reviewersForm struct {
	Add    *yamlfile.Node `yaml:"add"`
	CC     *yamlfile.Node `yaml:"cc"`
	Remove *yamlfile.Node `yaml:"remove"`
}

func (r *ruleLoader) reviewers(form actionForm, a *action) {
	n, before := form.Reviewers, len(r.diagnostics)
	all := reviewersForm{Add: n}
	if n.Kind == yamlfile.Mapping {
		all.Add = nil
		r.problems(yamlfile.Decode(n, &all))
	}
	var who []string
	a.add, a.cc, a.remove = r.people(all.Add, &who), r.people(all.CC, &who), r.people(all.Remove, &who)
	if len(r.diagnostics) == before && isEmpty(all.Add) && isEmpty(all.CC) && isEmpty(all.Remove) {
		r.refuse(n, "nobody is named", "reviewers: [alice, 'group:gfx-reviewers'], or {add: […], cc: […], remove: […]}")
	}
	if all.Remove != nil {
		for _, item := range all.Remove.Items {
			if strings.HasPrefix(item.Text, whoGroup) {
				r.refuse(item, "a group is no reviewer: its members were added one by one", "name the accounts")
			}
		}
	}
	r.named(n, kindReviewers, who, a)
}

type attentionForm struct {
	Add    *yamlfile.Node `yaml:"add"`
	Remove *yamlfile.Node `yaml:"remove"`
	Reason *yamlfile.Node `yaml:"reason"`
}

// attentionWords are those that stand for people of the change.
var attentionWords = []string{"owner", "uploader", "reviewers"}

func (r *ruleLoader) attention(form actionForm, a *action) {
	n, before := form.Attention, len(r.diagnostics)
	all := attentionForm{Add: n}
	if n.Kind == yamlfile.Mapping {
		all.Add = nil
		r.problems(yamlfile.Decode(n, &all))
	}
	var who []string
	a.add, a.remove = r.people(all.Add, &who), r.people(all.Remove, &who)
	if len(r.diagnostics) == before && isEmpty(all.Add) && isEmpty(all.Remove) {
		r.refuse(n, "nobody is named", "attention: [owner], or {add: […], remove: […]}; "+strings.Join(attentionWords, ", ")+", or an account")
	}
	for _, list := range []*yamlfile.Node{all.Add, all.Remove} {
		if list == nil {
			continue
		}
		for _, item := range list.Items {
			if strings.HasPrefix(item.Text, whoGroup) {
				r.refuse(item, "a group can't be in the attention set", strings.Join(attentionWords, ", ")+", or an account")
			}
		}
	}
	if all.Reason != nil {
		a.reason = r.text(all.Reason)
	}
	r.named(n, kindAttention, who, a)
}

// people reads a list of accounts and groups.
func (r *ruleLoader) people(n *yamlfile.Node, who *[]string) []*template {
	return r.texts(n, "people", "[alice, bob@example.org]", func(item *yamlfile.Node, _ *template) {
		if slices.Contains(*who, item.Text) {
			r.refuse(item, fmt.Sprintf("%q stands here twice", item.Text), "take one away")
		}
		*who = append(*who, item.Text)
	})
}

// named ends what all actions on people have in common.
func (r *ruleLoader) named(n *yamlfile.Node, kind string, who []string, a *action) {
	a.kind = kind
	if a.key == "" {
		slices.Sort(who)
		a.key = kind + ":" + strings.Join(who, ",")
	}
	r.needsChange(n)
	r.mayDo(n, kind)
}
