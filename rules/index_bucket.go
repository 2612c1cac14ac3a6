package rules

// few is how many triggers are gone through one by one.
const few = 4

// bucket holds triggers that only what their clauses ask of a payload's texts tells apart.
type bucket struct {
	fields []fieldIndex
	rest   []entry
}

// fieldIndex finds triggers by a text of the payload.
type fieldIndex struct {
	test
	byText map[string][]entry
	// all are looked at where the text isn't known.
	all []entry
}

// buckets are bucket by a word.
type buckets map[string]*bucket

func (b buckets) add(word string, e entry) {
	if b[word] == nil {
		b[word] = &bucket{}
	}
	b[word].rest = append(b[word].rest, e)
}

func (b buckets) build() {
	for _, one := range b {
		one.build()
	}
}

// build enters each trigger at the text by which most of them differ.
func (b *bucket) build() {
	if len(b.rest) <= few {
		return
	}
	distinct := map[string]map[string]bool{}
	for _, e := range b.rest {
		for _, l := range e.trigger().lifted {
			of := distinct[l.name()]
			if of == nil {
				of = map[string]bool{}
				distinct[l.name()] = of
			}
			for _, v := range l.values {
				of[v] = true
			}
		}
	}
	all, at := b.rest, map[string]int{}
	b.rest = nil
	for _, e := range all {
		best := -1
		tests := e.trigger().lifted
		for i, l := range tests {
			if best < 0 || len(distinct[l.name()]) > len(distinct[tests[best].name()]) {
				best = i
			}
		}
		if best < 0 {
			b.rest = append(b.rest, e)
			continue
		}
		b.enter(e, tests[best].test, at)
	}
}

// name tells the texts apart that tests are about.
func (t *test) name() string {
	if t.free {
		return t.path.String() + "?"
	}
	return t.path.String()
}

func (b *bucket) enter(e entry, by test, at map[string]int) {
	i, ok := at[by.name()]
	if !ok {
		i = len(b.fields)
		at[by.name()] = i
		b.fields = append(b.fields, fieldIndex{test: test{path: by.path, free: by.free}, byText: map[string][]entry{}})
	}
	f := &b.fields[i]
	e.asked = len(e.trigger().lifted) == 1
	f.all = append(f.all, e)
	for _, v := range by.values {
		f.byText[v] = append(f.byText[v], e)
	}
}

// denied says whether the payload makes one of the clauses false.
func (e entry) denied(p Payload) bool {
	if e.asked {
		return false
	}
	_, denied := e.trigger().denied(p)
	return denied
}

// lists appends to dst the triggers that may fit.
func (b *bucket) lists(p Payload, dst [][]entry) [][]entry {
	if b == nil {
		return dst
	}
	dst = append(dst, b.rest)
	for i := range b.fields {
		f := &b.fields[i]
		if text, known := f.text(p); known {
			dst = append(dst, f.byText[text])
		} else {
			dst = append(dst, f.all)
		}
	}
	return dst
}
