package main

import (
	"slices"
	"strings"

	"verdict/taskcluster/codegenerator/model"
)

// one is the type that t is written as.
func (s *source) one(t *model.Type) *model.Type {
	if same := s.same[t]; same != nil {
		return same
	}
	return t
}

// shareEnums makes one type of enums that are the same. References repeat them
// wherever they stand: the priorities of a task, the states of a run.
func (s *source) shareEnums() {
	for _, p := range s.packages {
		for _, file := range p.files {
			visit(s.types.Of(file), map[*model.Type]bool{}, s.shareWithin)
		}
	}
	for _, p := range s.packages {
		if !p.events {
			s.shareAmong(p)
		}
	}
}

// visit goes through a type and all that it is made of, parents first.
func visit(t *model.Type, seen map[*model.Type]bool, do func(*model.Type)) {
	if t == nil || seen[t] {
		return
	}
	seen[t] = true
	do(t)
	visit(t.Elem, seen, do)
	for _, field := range t.Fields {
		visit(field.Type, seen, do)
	}
	for _, variant := range t.Variants {
		visit(variant, seen, do)
	}
}

// shareWithin makes one type of the enums that several fields of a struct have,
// and calls it by the struct.
func (s *source) shareWithin(t *model.Type) {
	if t.Kind != model.Struct || s.owner[t.At.File] == nil {
		return
	}
	groups := map[string][]*model.Type{}
	for _, field := range t.Fields {
		if field.Type.Kind == model.Enum {
			values := strings.Join(field.Type.Values, "\n")
			groups[values] = append(groups[values], field.Type)
		}
	}
	for _, group := range groups {
		if len(group) < 3 || len(groups) > 1 && len(group) < len(t.Fields)/2 {
			continue
		}
		for _, enum := range group[1:] {
			s.same[enum] = group[0]
		}
		s.names[group[0]] = model.Singular(s.owner[t.At.File].typeName(t))
	}
}

// shared is how many values enums have at least that are taken for the same
// wherever they stand. Of fewer it may be chance.
const shared = 4

// shareAmong makes one type of the same enums in a package and in that of its
// events: the one with the shortest name, of the package itself.
func (s *source) shareAmong(p *pkg) {
	groups := map[string][]*model.Type{}
	for _, other := range s.packages {
		if other != p && (p.service == nil || other.service != p.service) {
			continue
		}
		seen := map[*model.Type]bool{}
		for _, file := range other.files {
			visit(s.types.Of(file), seen, func(t *model.Type) {
				if t.Kind == model.Enum && len(t.Values) >= shared && s.owner[t.At.File] == other && s.same[t] == nil {
					values := strings.Join(slices.Sorted(slices.Values(t.Values)), "\n")
					groups[values] = append(groups[values], t)
				}
			})
		}
	}
	for _, group := range groups {
		slices.SortStableFunc(group, func(a, b *model.Type) int {
			ownA, ownB := s.owner[a.At.File], s.owner[b.At.File]
			nameA, nameB := ownA.typeName(a), ownB.typeName(b)
			switch {
			case ownA != ownB && ownA == p:
				return -1
			case ownA != ownB && ownB == p:
				return 1
			case len(nameA) != len(nameB):
				return len(nameA) - len(nameB)
			}
			return strings.Compare(nameA, nameB)
		})
		if len(group) < 2 || s.owner[group[0].At.File] != p {
			continue
		}
		for _, enum := range group[1:] {
			s.same[enum] = group[0]
		}
	}
}
