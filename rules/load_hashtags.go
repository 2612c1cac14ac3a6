package rules

import (
	"slices"
	"strings"

	"verdict/rules/yamlfile"
)

type hashtagsForm struct {
	Add    *yamlfile.Node `yaml:"add"`
	Remove *yamlfile.Node `yaml:"remove"`
}

func (r *ruleLoader) hashtags(form actionForm, a *action) {
	a.kind = kindHashtags
	n := form.Hashtags
	both := hashtagsForm{Add: n}
	if n.Kind == yamlfile.Mapping {
		both.Add = nil
		r.problems(yamlfile.Decode(n, &both))
	}
	if both.Remove != nil && a.while != nil {
		r.refuse(n.Key("remove"), "remove with while has no meaning: what is added is taken back when it turns false", "")
	}
	var texts []string
	a.add = r.tags(both.Add, &texts)
	a.remove = r.tags(both.Remove, &texts)
	if len(texts) == 0 && isEmpty(both.Add) && isEmpty(both.Remove) {
		r.refuse(n, "no hashtag is named", "hashtags: [ci-failed], or {add: […], remove: […]}")
	}
	if a.key == "" {
		slices.Sort(texts)
		a.key = "hashtags:" + strings.Join(texts, ",")
	}
	r.needsChange(n)
}

// isEmpty tells whether a list is not there, or has nothing in it.
func isEmpty(n *yamlfile.Node) bool { return n == nil || len(n.Items) == 0 }

func (r *ruleLoader) tags(n *yamlfile.Node, texts *[]string) []*template {
	return r.texts(n, "hashtags", "[ci-failed]", func(item *yamlfile.Node, t *template) {
		*texts = append(*texts, item.Text)
		if t.literal {
			r.granted1(item, func(server, project, branch string) error {
				return r.team.MayHashtag(server, project, branch, hashtag(item.Text))
			})
		}
	})
}

// texts reads a list of texts, and shows each that is right.
func (r *ruleLoader) texts(n *yamlfile.Node, of, example string, each func(item *yamlfile.Node, t *template)) []*template {
	if n == nil {
		return nil
	}
	if n.Kind != yamlfile.Sequence {
		r.refuse(n, "a list of "+of+" is wanted here", example)
		return nil
	}
	var out []*template
	for _, item := range n.Items {
		if t := r.text(item); t != nil {
			out = append(out, t)
			each(item, t)
		}
	}
	return out
}
