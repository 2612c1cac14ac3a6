package ingest

import (
	"bytes"
	"unicode/utf8"

	"github.com/valyala/fastjson"

	"verdict/internal/facts"
	"verdict/rules"
)

// parsers are used again: one reads a message without asking for memory.
var parsers fastjson.ParserPool

// largeMessage is from where on a message gets a parser of its own, which is let go of: it takes many times as much.
const largeMessage = 64 << 10

// read parses a payload once, for its identity and for what the rules compare. What it gives to use is good only until
// use returns; nil where the payload is no JSON.
func read(body []byte, use func(*fastjson.Value) error) error {
	parser := &fastjson.Parser{}
	if len(body) < largeMessage {
		parser = parsers.Get()
		defer parsers.Put(parser)
	}
	m, err := parser.ParseBytes(body)
	if err != nil {
		m = nil
	}
	return use(m)
}

// message is a parsed payload as the rules' index looks at it. It says only what decoding the message whole would say too:
// of two equal keys the last counts, and a text with bytes that are no UTF-8 isn't known.
type message fastjson.Value

// Text is what stands at a path of keys.
func (m *message) Text(path []string) (string, rules.Found) {
	v := (*fastjson.Value)(m)
	for i, key := range path {
		if v == nil {
			return "", rules.Something
		}
		object, err := v.Object()
		if err != nil {
			return "", rules.Something
		}
		if v = last(object, key); v == nil && i == len(path)-1 {
			return "", rules.NoKey
		}
	}
	text, err := v.StringBytes()
	if err != nil || !utf8.Valid(text) || bytes.IndexByte(text, '\\') >= 0 {
		return "", rules.Something
	}
	return string(text), rules.Text
}

func last(object *fastjson.Object, key string) (found *fastjson.Value) {
	object.Visit(func(k []byte, v *fastjson.Value) {
		if string(k) == key {
			found = v
		}
	})
	return found
}

// body is a payload that is decoded when the index first asks for a text.
type body struct {
	raw     []byte
	decoded *rules.Decoded
}

// Text is what stands at a path of keys.
func (b *body) Text(path []string) (string, rules.Found) {
	if b.decoded == nil {
		event, err := facts.Decode(b.raw)
		if err != nil {
			return "", rules.Something
		}
		b.decoded = &rules.Decoded{Event: event}
	}
	return b.decoded.Text(path)
}
