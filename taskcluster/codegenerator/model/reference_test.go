package model

import (
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"reflect"
	"strings"
	"testing"
)

const (
	apiDocument = `{"serviceName":"zoo","entries":[
		{"name":"feed","method":"put","route":"/animal/<name>/food/<kind>","args":["name","kind"],"query":["much","fast"],"stability":"stable",
			"scopes":{"AllOf":["zoo:feed:<name>"]},"input":"v1/food.json#","output":"v1/animal.json#"},
		{"name":"photo","method":"get","route":"/photo","args":[],"query":[],"output":"blob"}]}`
	exchangesDocument = `{"serviceName":"zoo","exchangePrefix":"exchange/taskcluster-zoo/v1/","entries":[
		{"name":"animalFed","exchange":"animal-fed","schema":"v1/animal.json#","routingKey":[
			{"name":"routingKeyKind","required":true,"constant":"primary"},{"name":"name","required":true},{"name":"reserved","multipleWords":true}]}]}`
)

var zoo = map[string]string{
	"references/manifest.json":              `{"references":["/references/zoo/v1/api.json","/references/zoo/v1/exchanges.json","/references/zoo/v1/logs.json"]}`,
	"references/zoo/v1/api.json":            apiDocument,
	"references/zoo/v1/exchanges.json":      exchangesDocument,
	"references/zoo/v1/logs.json":           `{"$schema":"/schemas/common/logs.json#","serviceName":"zoo","types":[]}`,
	"schemas/common/logs.json":              `{"type":"object"}`,
	"schemas/docker-worker/v1/payload.json": `{"type":"object"}`,
	"schemas/zoo/v1/food.json":              `{"type":"object","properties":{"what":{"type":"string"}},"additionalProperties":false}`,
	"schemas/zoo/v1/animal.json":            `{"type":"object","properties":{"keeper":{"$ref":"keeper.json#/properties/name"}},"additionalProperties":false}`,
	"schemas/zoo/v1/keeper.json":            `{"type":"object","properties":{"name":{"type":"string"}},"additionalProperties":false}`,
}

// documents are those of zoo, with some replaced.
func documents(replaced map[string]string) []Document {
	var all []Document
	for _, name := range sortedKeys(zoo) {
		text := zoo[name]
		if other, ok := replaced[name]; ok {
			text = other
		}
		if text != "" {
			all = append(all, Document{Filename: name, Content: json.RawMessage(text)})
		}
	}
	return all
}

func TestServiceIsReadFromBothDocuments(t *testing.T) {
	r, err := New(documents(nil))
	if err != nil {
		t.Fatal(err)
	}
	if len(r.Services) != 1 {
		t.Fatalf("%d services, want one", len(r.Services))
	}
	want := &Service{
		Name:           "zoo",
		ExchangePrefix: "exchange/taskcluster-zoo/v1/",
		Methods: []*Method{
			{
				Name: "feed", HTTP: "PUT", Route: "/animal/<name>/food/<kind>", Args: []string{"name", "kind"}, Query: []string{"fast", "much"},
				Scopes: json.RawMessage(`{"AllOf":["zoo:feed:<name>"]}`), Stability: "stable", Input: "zoo/v1/food.json", Output: "zoo/v1/animal.json",
			},
			{Name: "photo", HTTP: "GET", Route: "/photo", Query: []string{}},
		},
		Exchanges: []*Exchange{{
			Name: "animalFed", Exchange: "animal-fed", Schema: "zoo/v1/animal.json", RoutingKey: []RoutingKeyField{
				{Name: "routingKeyKind", Required: true, Constant: "primary"}, {Name: "name", Required: true}, {Name: "reserved", MultipleWords: true},
			},
		}},
	}
	if got := r.Services[0]; !reflect.DeepEqual(got, want) {
		t.Errorf("read as\n%s\nwant\n%s", inJSON(got), inJSON(want))
	}
	if got := r.Closure("zoo/v1/animal.json"); !reflect.DeepEqual(got, []string{"zoo/v1/animal.json", "zoo/v1/keeper.json"}) {
		t.Errorf("animal.json needs %q, want keeper.json too", got)
	}
}

func inJSON(v any) string {
	text, _ := json.MarshalIndent(v, "", " ")
	return string(text)
}

func TestBrokenReferencesAreRefused(t *testing.T) {
	api := "references/zoo/v1/api.json"
	for name, test := range map[string]struct {
		replaced map[string]string
		want     string
	}{
		"a schema that isn't there":  {map[string]string{"schemas/zoo/v1/food.json": ""}, "zoo/v1/food.json, which isn't there"},
		"a document that is broken":  {map[string]string{api: `{`}, "read references/zoo/v1/api.json"},
		"a schema that is no schema": {map[string]string{"schemas/zoo/v1/food.json": `[1]`}, "read schema zoo/v1/food.json"},
		"arguments but in the route": {map[string]string{api: strings.Replace(apiDocument, `"kind"]`, `"sort"]`, 1)}, "method feed: arguments"},
		"a route of other things":    {map[string]string{api: strings.Replace(apiDocument, `/photo`, `/photo\"`, 1)}, "method photo: route"},
		"an unknown HTTP method":     {map[string]string{api: strings.Replace(apiDocument, `"get"`, `"fetch"`, 1)}, "isn't an HTTP method"},
		"a name that isn't one":      {map[string]string{api: strings.Replace(apiDocument, `"photo"`, `"pho to"`, 1)}, "can't be the name of a method"},
		"a schema in no folder":      {nil, "can't be the file of a schema"},
		"a service without a name":   {map[string]string{api: strings.Replace(apiDocument, `"zoo"`, `""`, 1)}, "can't be the name of a service"},
	} {
		t.Run(name, func(t *testing.T) {
			all := documents(test.replaced)
			if name == "a schema in no folder" {
				all = append(all, Document{Filename: "schemas/.", Content: json.RawMessage(`{}`)})
			}
			if _, err := New(all); err == nil || !strings.Contains(err.Error(), test.want) {
				t.Errorf("the error is %v, want one with %q", err, test.want)
			}
		})
	}
}

func TestFetchGetsWhatTheManifestLeadsTo(t *testing.T) {
	asked := map[string]int{}
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		name := strings.TrimPrefix(r.URL.Path, "/")
		asked[name]++
		text, ok := zoo[name]
		if !ok {
			http.NotFound(w, r)
			return
		}
		w.Write([]byte(text))
	}))
	defer server.Close()
	got, err := Fetch(t.Context(), server.Client(), server.URL+"/")
	if err != nil {
		t.Fatal(err)
	}
	want := documents(map[string]string{"references/manifest.json": ""})
	if !reflect.DeepEqual(got, want) {
		t.Errorf("fetched\n%s\nwant\n%s", inJSON(got), inJSON(want))
	}
	for name, times := range asked {
		if times != 1 {
			t.Errorf("%s was asked for %d times", name, times)
		}
	}
}

func TestFetchTellsWhatIsMissing(t *testing.T) {
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path != "/references/manifest.json" {
			http.NotFound(w, r)
			return
		}
		w.Write([]byte(zoo["references/manifest.json"]))
	}))
	defer server.Close()
	_, err := Fetch(t.Context(), server.Client(), server.URL)
	if err == nil || !strings.Contains(err.Error(), "/references/zoo/v1/api.json: answered 404") {
		t.Errorf("the error is %v, want one that says what was answered for what", err)
	}
}

// FuzzReferences: whatever documents are there, they are refused or every type
// can be made.
func FuzzReferences(f *testing.F) {
	for _, text := range []string{
		`[{"filename":"references/a/v1/api.json","content":{"serviceName":"a","entries":[{"name":"b","method":"get","route":"/<c>","args":["c"],"output":"v1/d.json#"}]}},
			{"filename":"schemas/a/v1/d.json","content":{"$ref":"d.json#/items"}}]`,
		`[{"filename":"references/a/v1/exchanges.json","content":{"name":"a","entries":[{"name":"b","exchange":"c","schema":"v1/d.json#","routingKey":[{"name":"e"}]}]}},
			{"filename":"schemas/a/v1/d.json","content":{"oneOf":[{"$ref":"#"},{"allOf":[{"$ref":"#"}]}]}}]`,
	} {
		f.Add([]byte(text))
	}
	f.Fuzz(func(t *testing.T, text []byte) {
		all, err := ParseDocuments(text)
		if err != nil {
			return
		}
		r, err := New(all)
		if err != nil {
			return
		}
		types := r.Types()
		for _, file := range r.Files {
			if types.Of(file) == nil {
				t.Errorf("%s has no type", file)
			}
			r.Closure(file)
		}
	})
}

// FuzzSchema: whatever a schema says, it is refused or has a type, in which no
// struct has a field twice.
func FuzzSchema(f *testing.F) {
	for _, text := range []string{
		`{"oneOf":[{"properties":{"a":{"type":"string"}}},{"properties":{"a":{"$ref":"#"}}}]}`,
		`{"allOf":[{"$ref":"#/definitions/a"}],"definitions":{"a":{"anyOf":[{"$ref":"#"},{"type":"null"}]}}}`,
		`{"properties":{"a":{"oneOf":[{"$ref":"#"},{"properties":{"a":{"$ref":"#"},"b":{"$ref":"#"}}}]},"b":{"oneOf":[{"$ref":"#"},{"properties":{"b":{"enum":["x",1]}}}]}}}`,
		`{"type":["string"],"items":[{}],"additionalProperties":false,"default":1}`,
	} {
		f.Add([]byte(text))
	}
	f.Fuzz(func(t *testing.T, text []byte) {
		r, err := New([]Document{{Filename: "schemas/x/v1/s.json", Content: text}})
		if err != nil {
			return
		}
		typ := r.Types().Of("x/v1/s.json")
		if typ == nil {
			t.Fatal("it has no type")
		}
		for i := 1; i < len(typ.Fields); i++ {
			if typ.Fields[i-1].Name >= typ.Fields[i].Name {
				t.Errorf("field %q comes after %q", typ.Fields[i].Name, typ.Fields[i-1].Name)
			}
		}
	})
}
