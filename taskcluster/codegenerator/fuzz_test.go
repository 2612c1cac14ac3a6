package main

import (
	"errors"
	"go/scanner"
	"testing"

	"verdict/taskcluster/codegenerator/model"
)

// FuzzGenerate: whatever references say, they are refused or what is written is
// Go.
func FuzzGenerate(f *testing.F) {
	for _, text := range []string{
		`[{"filename":"references/a/v1/api.json","content":{"serviceName":"a","entries":[{"name":"b","method":"get","route":"/<c>","args":["c"],
			"query":["limit","continuationToken"],"output":"v1/d.json#","scopes":{"AllOf":["a:<c>",{"AnyOf":["b"]}]}}]}},
			{"filename":"schemas/a/v1/d.json","content":{"properties":{"token":{"type":"string"},"continuationToken":{"type":"string"},"f":{"enum":["g","h"]}}}}]`,
		`[{"filename":"references/a/v1/exchanges.json","content":{"name":"a","entries":[{"name":"b","exchange":"c","schema":"v1/d.json#",
			"routingKey":[{"name":"e"},{"name":"f","multipleWords":true}]}]}},
			{"filename":"schemas/a/v1/d.json","content":{"oneOf":[{"type":"array","items":{"const":1}},{"type":"string","format":"uri"}]}}]`,
	} {
		f.Add([]byte(text))
	}
	f.Fuzz(func(t *testing.T, text []byte) {
		documents, err := model.ParseDocuments(text)
		if err != nil {
			return
		}
		references, err := model.New(documents)
		if err != nil {
			return
		}
		none, err := model.New(nil)
		if err != nil {
			t.Fatal(err)
		}
		var syntax scanner.ErrorList
		if _, err := generate(references, none); errors.As(err, &syntax) {
			t.Errorf("what is written is no Go: %v", err)
		}
	})
}
