package pulsetest

import "strings"

// words splits a routing key or pattern; an empty one has no words.
func words(key string) []string {
	if key == "" {
		return nil
	}
	return strings.Split(key, ".")
}

// topicMatches tells whether a pattern of a topic exchange fits a routing key: * is one word, # any number of
// them. It takes time in proportion to the two lengths' product at most, whatever the pattern.
func topicMatches(pattern, key []string) bool {
	p, k := 0, 0
	hash, tried := -1, 0 // the last # met, and how many words it has been given up to
	for k < len(key) {
		switch {
		case p < len(pattern) && pattern[p] == "#":
			hash, tried = p, k
			p++
		case p < len(pattern) && (pattern[p] == "*" || pattern[p] == key[k]):
			p++
			k++
		case hash >= 0: // give the last # one word more
			tried++
			p, k = hash+1, tried
		default:
			return false
		}
	}
	for p < len(pattern) && pattern[p] == "#" {
		p++
	}
	return p == len(pattern)
}
