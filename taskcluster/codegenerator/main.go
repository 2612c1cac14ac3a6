// Command codegenerator writes the packages below taskcluster/api from
// Taskcluster's references.
//
// They are read from files, or the services of today from a deployment:
//
//	go run ./taskcluster/codegenerator -today references.json -past references-2018.json -out taskcluster/api
//	go run ./taskcluster/codegenerator -root https://tc.example.org -past references-2018.json -out taskcluster/api
//
// What it writes depends on nothing else, so the same references give the same
// bytes. Files that it wrote before and writes no more are removed; a file that
// doesn't begin with Go's line for generated code is never touched.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"net/http"
	"os"
	"time"

	"verdict/taskcluster/codegenerator/model"
)

func main() {
	var from sources
	flag.StringVar(&from.today, "today", "", "`file` with the references of today's services")
	flag.StringVar(&from.root, "root", "", "root `URL` of the deployment to read them from instead")
	flag.StringVar(&from.past, "past", "", "`file` with the references of services that are gone; none without it")
	out := flag.String("out", "taskcluster/api", "`folder` to write to")
	flag.Parse()
	if err := run(from, *out); err != nil {
		fmt.Fprintln(os.Stderr, "codegenerator:", err)
		os.Exit(1)
	}
}

func run(from sources, out string) error {
	ctx, cancel := context.WithTimeout(context.Background(), 5*time.Minute)
	defer cancel()
	today, past, err := from.read(ctx)
	if err != nil {
		return err
	}
	files, err := generate(today, past)
	if err != nil {
		return err
	}
	return write(out, files)
}

// sources is where the references are.
type sources struct{ today, root, past string }

func (s sources) read(ctx context.Context) (today, past *model.References, err error) {
	if (s.today == "") == (s.root == "") {
		return nil, nil, errors.New("either -today or -root has to say where the references are")
	}
	var documents []model.Document
	if s.root != "" {
		documents, err = model.Fetch(ctx, http.DefaultClient, s.root)
	} else {
		documents, err = model.ReadFile(s.today)
	}
	if err != nil {
		return nil, nil, err
	}
	if today, err = model.New(documents); err != nil {
		return nil, nil, err
	}
	documents = nil
	if s.past != "" {
		if documents, err = model.ReadFile(s.past); err != nil {
			return nil, nil, err
		}
	}
	past, err = model.New(documents)
	return today, past, err
}
