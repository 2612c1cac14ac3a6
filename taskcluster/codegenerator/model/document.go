package model

import (
	"encoding/json"
	"fmt"
	"os"
	"strings"
)

// Document is one reference document or schema, with its name relative to the
// deployment's root: "references/queue/v1/api.json", "schemas/queue/v1/task.json".
type Document struct {
	Filename string          `json:"filename"`
	Content  json.RawMessage `json:"content"`
}

// ReadFile reads a file that holds a list of documents.
func ReadFile(name string) ([]Document, error) {
	data, err := os.ReadFile(name)
	if err != nil {
		return nil, err
	}
	documents, err := ParseDocuments(data)
	if err != nil {
		return nil, fmt.Errorf("read %s: %w", name, err)
	}
	return documents, nil
}

// ParseDocuments reads a list of documents.
func ParseDocuments(data []byte) ([]Document, error) {
	var documents []Document
	if err := json.Unmarshal(data, &documents); err != nil {
		return nil, fmt.Errorf("read the list of documents: %w", err)
	}
	for i := range documents {
		documents[i].Filename = strings.TrimPrefix(documents[i].Filename, "/")
	}
	return documents, nil
}
