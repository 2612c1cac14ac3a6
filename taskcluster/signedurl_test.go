package taskcluster_test

import (
	"encoding/base64"
	"errors"
	"fmt"
	"net/url"
	"strconv"
	"strings"
	"testing"
	"time"

	"verdict/taskcluster"
)

// bewitOf takes a signed URL apart: what was signed, and the fields of the bewit,
// id, expiry, mac and ext.
func bewitOf(t *testing.T, signed *url.URL) (resource string, fields []string) {
	t.Helper()
	resource, bewit, found := strings.Cut(signed.String(), "bewit=")
	text, err := base64.RawURLEncoding.DecodeString(strings.TrimRight(bewit, "="))
	if fields = strings.Split(string(text), `\`); !found || err != nil || len(fields) != 4 {
		t.Fatalf("no bewit in %s: %q, %v", signed, text, err)
	}
	return resource, fields
}

func TestASignedURLKeepsItsQueryAndEndsInTime(t *testing.T) {
	client := &taskcluster.Client{Credentials: bot(), BaseURL: "https://queue.example.org/v1", Authenticate: true}
	for _, c := range []struct {
		route string
		query url.Values
		want  string
	}{
		{"/task/x/artifacts/a%2Fb", nil, "https://queue.example.org/v1/task/x/artifacts/a%2Fb?"},
		{"/x", url.Values{"b": {"1 2"}, "a": {"/"}}, "https://queue.example.org/v1/x?a=%2F&b=1+2&"},
		{"/x?z=1&a=2", nil, "https://queue.example.org/v1/x?z=1&a=2&"},
	} {
		earliest := time.Now().Add(time.Hour).Truncate(time.Second)
		signed, err := client.SignedURL(c.route, c.query, time.Hour)
		if err != nil {
			t.Fatal(err)
		}
		resource, fields := bewitOf(t, signed)
		seconds, err := strconv.ParseInt(fields[1], 10, 64)
		if end := time.Unix(seconds, 0); err != nil || end.Before(earliest) || end.After(time.Now().Add(time.Hour)) {
			t.Errorf("%s ends at %s (%v), want an hour from now", signed, end, err)
		}
		if resource != c.want || fields[0] != "bot" || fields[3] != "e30=" {
			t.Errorf("got %s by %q with ext %q, want %s by bot with that of {}", resource, fields[0], fields[3], c.want)
		}
	}
}

func TestASignedURLIsTheCallersWithTheirScopes(t *testing.T) {
	client := taskcluster.NewClient(bot(), "https://tc.example.org", "queue").As(taskcluster.Caller{Name: "gfx/rule", Scopes: []string{"queue:get-artifact:x"}})
	signed, err := client.SignedURLOf(t.Context(), taskcluster.Call{Name: "getArtifact", Path: "/x"}, 2*time.Hour)
	if err != nil {
		t.Fatal(err)
	}
	_, fields := bewitOf(t, signed)
	ext, err := base64.RawURLEncoding.DecodeString(strings.TrimRight(strings.NewReplacer("+", "-", "/", "_").Replace(fields[3]), "="))
	if err != nil || fields[0] != "bot/gfx/rule" || !strings.Contains(string(ext), `"scopes":["queue:get-artifact:x"]`) {
		t.Fatalf("signed by %q with %s (%v)", fields[0], ext, err)
	}
	_, certificate, _ := strings.Cut(string(ext), `"certificate":`)
	cert, err := taskcluster.ParseCertificate(strings.TrimSuffix(certificate, "}"))
	if err != nil || time.Until(cert.Expires()) < time.Hour {
		t.Errorf("its certificate ends before the URL does: %v (%v)", cert, err)
	}
}

func TestWhatCannotBeSignedIntoAURL(t *testing.T) {
	client := taskcluster.NewClient(bot(), "https://tc.example.org", "queue")
	call := taskcluster.Call{Path: "/x"}
	for name, sign := range map[string]func() (*url.URL, error){
		"a PUT": func() (*url.URL, error) {
			return client.SignedURLOf(t.Context(), taskcluster.Call{Method: "PUT", Path: "/x"}, time.Hour)
		},
		"a payload": func() (*url.URL, error) {
			return client.SignedURLOf(t.Context(), taskcluster.Call{Path: "/x", Payload: 1}, time.Hour)
		},
		"nothing to sign with": func() (*url.URL, error) {
			return taskcluster.NewClient(nil, "https://tc.example.org", "queue").SignedURLOf(t.Context(), call, time.Hour)
		},
		"too long": func() (*url.URL, error) {
			return client.SignedURL("/"+strings.Repeat("x", 4096), nil, time.Hour)
		},
		"a path that leads elsewhere": func() (*url.URL, error) { return client.SignedURL("/../x", nil, time.Hour) },
		"longer than a certificate lives": func() (*url.URL, error) {
			return client.As(taskcluster.Caller{Name: "x"}).SignedURLOf(t.Context(), call, 32*24*time.Hour)
		},
	} {
		signed, err := sign()
		if !errors.Is(err, taskcluster.ErrInvalid) || signed != nil {
			t.Errorf("%s: got %v, %v, want invalid", name, signed, err)
		} else if strings.Contains(fmt.Sprint(err), "canary") {
			t.Errorf("%s: the error shows the token: %v", name, err)
		}
	}
}
