package rules

import (
	"slices"
	"strings"
)

// exchangeIndex holds the triggers of one exchange, or of one state of tasks or groups.
type exchangeIndex struct {
	// all are those that are entered when the index is built.
	all    []entry
	places []placeIndex
	// rest have no word of their own, or a pattern with # in its middle.
	rest bucket
	// compared are those that are found by what a clause compares; a key without places fits them all.
	compared []entry
	routes   buckets
	// routePatterns have wildcards.
	routePatterns []entry
}

// placeIndex finds triggers by the word at one place of the routing key.
type placeIndex struct {
	at     int
	byWord buckets
}

// words are what a trigger asks of the routing key, by its `on` or by a clause.
func (e entry) words() []string {
	t := e.trigger()
	words := append([]string(nil), t.key.words...)
	for i, w := range t.equal {
		for len(words) <= i {
			words = append(words, "")
		}
		if words[i] == "" {
			words[i] = w
		}
	}
	return words
}

// build enters each trigger at the place of its routing key where the triggers differ most.
func (x *exchangeIndex) build() {
	distinct := make([]map[string]bool, 0, len(keyOfTask))
	for _, e := range x.all {
		for i, w := range e.words() {
			for len(distinct) <= i {
				distinct = append(distinct, map[string]bool{})
			}
			if w != "" {
				distinct[i][w] = true
			}
		}
	}
	byPlace := make([]buckets, len(distinct))
	for _, e := range x.all {
		x.enter(e, distinct, byPlace)
	}
	for at, byWord := range byPlace {
		if byWord != nil {
			byWord.build()
			x.places = append(x.places, placeIndex{at: at, byWord: byWord})
		}
	}
	x.rest.build()
	x.routes.build()
	x.all = nil
}

func (x *exchangeIndex) enter(e entry, distinct []map[string]bool, byPlace []buckets) {
	t := e.trigger()
	if t.taskRoute != "" {
		x.enterRoute(e, t.taskRoute)
		return
	}
	words, best := e.words(), -1
	for i, w := range words {
		if w != "" && (best < 0 || len(distinct[i]) > len(distinct[best])) {
			best = i
		}
	}
	if best < 0 {
		x.rest.rest = append(x.rest.rest, e)
		return
	}
	if byPlace[best] == nil {
		byPlace[best] = buckets{}
	}
	byPlace[best].add(words[best], e)
	if best >= len(t.key.words) || t.key.words[best] == "" {
		x.compared = append(x.compared, e)
	}
}

func (x *exchangeIndex) enterRoute(e entry, route string) {
	if strings.ContainsAny(route, "*#") {
		x.routePatterns = append(x.routePatterns, e)
		return
	}
	if x.routes == nil {
		x.routes = buckets{}
	}
	x.routes.add(route, e)
}

func (x *exchangeIndex) match(o Occurrence, dst []Candidate) []Candidate {
	var buffer [16]string
	words := splitWords(o.RoutingKey, buffer[:0])
	for _, p := range x.places {
		if p.at >= len(words) {
			continue
		}
		dst = p.byWord[words[p.at]].matchKey(&o, words, dst)
	}
	dst = x.rest.matchKey(&o, words, dst)
	if !hasPlaces(words) {
		for _, e := range x.compared {
			dst = e.ifKey(&o, words, dst)
		}
	}
	return x.matchRoutes(&o, dst)
}

// hasPlaces says whether a key is a task's own, whose words are where its reference says.
func hasPlaces(words []string) bool { return len(words) >= len(keyOfTask) }

func (x *exchangeIndex) matchRoutes(o *Occurrence, dst []Candidate) []Candidate {
	for i, route := range o.Routes {
		if contains(o.Routes[:i], route) {
			continue
		}
		var buffer [few][]entry
		for _, list := range x.routes[route].lists(o.Payload, buffer[:0]) {
			for _, e := range list {
				dst = e.unlessDenied(o, dst)
			}
		}
	}
	for _, e := range x.routePatterns {
		for _, route := range o.Routes {
			var buffer [16]string
			if e.trigger().route.match(splitWords(route, buffer[:0])) {
				dst = e.unlessDenied(o, dst)
				break
			}
		}
	}
	return dst
}

func contains(words []string, word string) bool {
	for _, w := range words {
		if w == word {
			return true
		}
	}
	return false
}

// ifKey looks at the whole trigger. Where a key has no places, what a clause compares is left to the clause.
func (e entry) ifKey(o *Occurrence, words []string, dst []Candidate) []Candidate {
	t := e.trigger()
	if o.Source == "pulse" && !t.key.match(words) {
		return dst
	}
	if hasPlaces(words) {
		for i, w := range t.equal {
			if w != "" && w != words[i] {
				return dst
			}
		}
	}
	if (o.Server != "" || o.Project != "") && !t.Covers(o.Server, o.Project, o.Branch) {
		return dst
	}
	return e.unlessDenied(o, dst)
}

func (e entry) unlessDenied(o *Occurrence, dst []Candidate) []Candidate {
	if e.denied(o.Payload) {
		return dst
	}
	return append(dst, Candidate{Rule: e.rule, On: e.on})
}

// matchKey looks at those that may fit, by their routing key.
func (b *bucket) matchKey(o *Occurrence, words []string, dst []Candidate) []Candidate {
	var buffer [few][]entry
	for _, list := range b.lists(o.Payload, buffer[:0]) {
		for _, e := range list {
			dst = e.ifKey(o, words, dst)
		}
	}
	return dst
}

func splitWords(key string, words []string) []string {
	for {
		word, rest, found := strings.Cut(key, ".")
		words = append(words, word)
		if !found {
			return words
		}
		key = rest
	}
}

// inKey are the fields that a task's routing key tells too, by their place in it.
var inKey = map[string]int{
	"event.status.provisionerId": 5, "task.provisionerId": 5,
	"event.status.workerType": 6, "task.workerType": 6,
	"event.status.schedulerId": 7, "task.schedulerId": 7,
}

// compare notes what the clauses of a rule compare with a word, all of which have to hold: a message whose routing
// key has another word there can't match, and is never looked at.
func (t *Trigger) compare(path, value string) {
	if !slices.Contains(factsOf(*t), "task") {
		return
	}
	if queue, ok := strings.CutSuffix(path, ".taskQueueId"); ok && (queue == "task" || queue == "event.status") {
		if provisioner, worker, ok := strings.Cut(value, "/"); ok {
			t.compare(queue+".provisionerId", provisioner)
			t.compare(queue+".workerType", worker)
		}
		return
	}
	at, ok := inKey[path]
	if !ok || value == "" || strings.Contains(value, ".") {
		return
	}
	for len(t.equal) <= at {
		t.equal = append(t.equal, "")
	}
	t.equal[at] = value
}
