package model

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"slices"
	"strings"
)

// maxDocument bounds what a server may send for one document.
const maxDocument = 16 << 20

// unlinked are schemas that a deployment has and that nothing refers to: no
// manifest tells of them.
var unlinked = []string{
	"common/action-schema-v1.json", "common/manifest-v2.json", "common/values.schema.json",
	"docker-worker/v1/payload.json",
	"generic-worker/insecure_posix.json", "generic-worker/multiuser_posix.json", "generic-worker/multiuser_windows.json",
	"github/v1/github-webhook-event.json", "github/v1/taskcluster-github-config.json", "github/v1/taskcluster-github-config.v1.json",
	"index/v1/list-namespaces-request.json", "queue/v1/poll-task-urls-response.json",
	"worker-manager/v1/config-aws.json", "worker-manager/v1/config-azure.json", "worker-manager/v1/config-google.json",
	"worker-manager/v1/config-null.json", "worker-manager/v1/config-static.json", "worker-manager/v1/config-testing.json",
}

// errMissing says that a server has no such document.
var errMissing = errors.New("answered 404")

// Fetch reads the documents of the deployment at rootURL: those that its
// manifest names, all schemas that they refer to, directly or by way of others,
// and those that nothing refers to, as far as it has them.
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
	f.wantFormat(manifest)
	for _, name := range named.References {
		f.want(strings.TrimPrefix(name, "/"))
	}
	for _, file := range unlinked {
		f.want("schemas/" + file)
	}
	for len(f.wanted) > 0 {
		name := f.wanted[0]
		f.wanted = f.wanted[1:]
		content, err := f.get(ctx, name)
		if errors.Is(err, errMissing) && slices.Contains(unlinked, strings.TrimPrefix(name, "schemas/")) {
			continue
		}
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

// wantFormat asks for the schema of a document.
func (f *fetcher) wantFormat(content json.RawMessage) {
	var document struct {
		Schema string `json:"$schema"`
	}
	if json.Unmarshal(content, &document) == nil && strings.HasPrefix(document.Schema, "/schemas/") {
		f.want(strings.TrimSuffix(strings.TrimPrefix(document.Schema, "/"), "#"))
	}
}

// wantSchemas asks for what a document refers to.
func (f *fetcher) wantSchemas(name string, content json.RawMessage) error {
	f.wantFormat(content)
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
	if resp.StatusCode == http.StatusNotFound {
		return nil, fmt.Errorf("get %s: %w", address, errMissing)
	}
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
