// Package binding makes the patterns by which a queue on pulse is bound to a
// topic exchange. The generated packages of events use it.
package binding

import "strings"

// Pattern joins the parts of a routing key.
func Pattern(parts ...string) string { return strings.Join(parts, ".") }

// Word is one word of a routing key, any where it is empty.
func Word(word string) string {
	if word == "" {
		return "*"
	}
	return word
}

// Words are any number of words, any at all where there are none given.
func Words(words string) string {
	if words == "" {
		return "#"
	}
	return words
}

// Route is the pattern for messages about tasks that have a route, on whichever
// exchange of the queue's tasks: they come under "route." and the route, too.
func Route(route string) string { return "route." + route }
