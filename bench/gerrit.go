package main

import (
	"fmt"
	"net"
	"net/http"
	"strings"
	"time"
)

// startGerrit is a Gerrit that takes 20 ms an answer and knows every change: as cheap as can be, so that what is
// measured is the bot.
func startGerrit() (url string, stop func(), err error) {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return "", nil, err
	}
	server := &http.Server{Handler: http.HandlerFunc(answer), ReadHeaderTimeout: time.Minute}
	go func() { _ = server.Serve(listener) }() // ends with stop
	return "http://" + listener.Addr().String(), func() { _ = server.Close() }, nil
}

func answer(w http.ResponseWriter, r *http.Request) {
	time.Sleep(20 * time.Millisecond)
	w.Header().Set("Content-Type", "application/json; charset=utf-8")
	path := strings.TrimPrefix(r.URL.EscapedPath(), "/a")
	switch {
	case path == "/accounts/self":
		fmt.Fprint(w, ")]}'\n{\"_account_id\":1000001,\"name\":\"bot\",\"username\":\"bot\"}")
	case path == "/config/server/version":
		fmt.Fprint(w, ")]}'\n\"3.13.5\"")
	case strings.HasSuffix(path, "/review"):
		fmt.Fprint(w, ")]}'\n{\"labels\":{\"Verified\":-1}}")
	case path == "/changes/":
		fmt.Fprint(w, ")]}'\n[]")
	default:
		id := strings.Split(path, "/")[2]
		number := id[strings.LastIndex(id, "~")+1:]
		fmt.Fprintf(w, ")]}'\n"+change, number)
	}
}

const change = `{"id":"demo~%[1]s","project":"demo","branch":"main","hashtags":[],"change_id":"I83c50c4bde472afc2f280f21e4857df3a3655bf8","subject":"s","status":"NEW","created":"2026-11-22 22:44:31.000000000","updated":"2026-11-22 22:45:47.000000000","meta_rev_id":"e759cee6d96b68a6905412c467fa619515e490d1","_number":%[1]s,"owner":{"_account_id":1000002},"current_revision":"b90572ead45d025d7b6f409bae1aa173f65445cb","labels":{"Verified":{"all":[{"_account_id":1000001,"value":0}]}},"messages":[],"revisions":{"b90572ead45d025d7b6f409bae1aa173f65445cb":{"kind":"REWORK","_number":1,"created":"2026-11-22 22:44:31.000000000","ref":"refs/changes/01/1/1","uploader":{"_account_id":1000002}}}}`
