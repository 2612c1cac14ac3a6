package model

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"slices"
	"strings"
)

// maxDocument bounds what a server may send for one document.
const maxDocument = 16 << 20

// Fetch reads the documents of the deployment at rootURL: those that its
// manifest names, and all schemas that they refer to, directly or by way of
// others.
func Fetch(ctx context.Context, client *http.Client, rootURL string) ([]Document, error) {
	f := fetcher{client: client, root: strings.TrimRight(rootURL, "/"), asked: map[string]bool{}}
	manifest, err := f.get(ctx, "references/manifest.json")
	if err != nil {
		return nil, err
	}
	var named struct {
		References []string `json:"references"`
	}
	if err := json.Unmarshal(manifest, &named); err != nil {
		return nil, fmt.Errorf("read the manifest of %s: %w", f.root, err)
	}
	for _, name := range named.References {
		f.want(strings.TrimPrefix(name, "/"))
	}
	for len(f.wanted) > 0 {
		name := f.wanted[0]
		f.wanted = f.wanted[1:]
		content, err := f.get(ctx, name)
		if err != nil {
			return nil, err
		}
		f.documents = append(f.documents, Document{Filename: name, Content: content})
		if err := f.wantSchemas(name, content); err != nil {
			return nil, err
		}
	}
	slices.SortFunc(f.documents, func(a, b Document) int { return strings.Compare(a.Filename, b.Filename) })
	return f.documents, nil
}

type fetcher struct {
	client    *http.Client
	root      string
	documents []Document
	wanted    []string
	asked     map[string]bool
}

func (f *fetcher) want(name string) {
	if !f.asked[name] {
		f.asked[name] = true
		f.wanted = append(f.wanted, name)
	}
}

// wantSchemas asks for what a document refers to.
func (f *fetcher) wantSchemas(name string, content json.RawMessage) error {
	if strings.HasPrefix(name, "schemas/") {
		schema, err := parseSchema(strings.TrimPrefix(name, "schemas/"), content)
		if err != nil {
			return err
		}
		schema.walk(func(s *Schema) {
			if at, ok := parseLocation(s.Ref); ok {
				f.want("schemas/" + at.File)
			}
		})
		return nil
	}
	service, err := parseService(Document{Filename: name, Content: content})
	if err != nil || service == nil {
		return err
	}
	for _, file := range service.schemas() {
		f.want("schemas/" + file)
	}
	return nil
}

func (f *fetcher) get(ctx context.Context, name string) (json.RawMessage, error) {
	address := f.root + "/" + name
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, address, nil)
	if err != nil {
		return nil, err
	}
	resp, err := f.client.Do(req)
	if err != nil {
		return nil, err
	}
	defer resp.Body.Close()
	if resp.StatusCode != http.StatusOK {
		return nil, fmt.Errorf("get %s: answered %d", address, resp.StatusCode)
	}
	body, err := io.ReadAll(io.LimitReader(resp.Body, maxDocument+1))
	if err != nil {
		return nil, fmt.Errorf("get %s: %w", address, err)
	}
	if len(body) > maxDocument {
		return nil, fmt.Errorf("get %s: more than %d bytes", address, maxDocument)
	}
	return body, nil
}
