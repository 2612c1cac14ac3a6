// Package mutationtest measures, as a test, how much of what is wrong with a rule its author would be told.
//
// Every name, literal, key, type, operator and quote of the example rules is changed, one at a time. What such a mutant
// breaks (a name, a word, a key, a type, a quote) bot check has to refuse, on the line where it is. What makes another
// valid rule of it (an operator, a number, a text, another name of the same type) only the examples' own tests can see:
// these have to fail. Which of the two a kind of change belongs to is written down in kind_test.go, and doesn't depend on
// how it went. A mutant that loads as the very rules it was made of is equivalent, and isn't counted.
package mutationtest
