package taskcluster

import (
	"crypto/x509"
	"fmt"
	"net/http"
	"net/http/httptest"
	"testing"
)

func TestNoHTTPClientFollowsARedirect(t *testing.T) {
	for _, status := range []int{301, 302, 303, 307, 308} {
		var followed int
		elsewhere := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { followed++ }))
		server := httptest.NewServer(http.RedirectHandler(elsewhere.URL, status))
		eager := &http.Client{CheckRedirect: func(*http.Request, []*http.Request) error { return nil }}
		for name, own := range map[string]ReducedHTTPClient{"none": nil, "a nil one": (*http.Client)(nil), "the default": http.DefaultClient, "an eager one": eager} {
			for _, method := range []string{"GET", "PUT"} {
				client := NewClient(&Credentials{ClientID: "bot", AccessToken: "token"}, server.URL, "queue")
				client.HTTPClient = own
				err := client.Do(t.Context(), Call{Name: "x", Method: method, Path: "/x", Payload: struct{}{}}, nil)
				if err == nil || followed > 0 {
					t.Errorf("%s by %s at %d: followed %d times, error %v", method, name, status, followed, err)
				}
			}
		}
		elsewhere.Close()
		server.Close()
		if eager.CheckRedirect(nil, nil) != nil {
			t.Error("the caller's own HTTP client was changed")
		}
	}
}

func TestTheOwnTransportSpeaksHTTP1WithAServerThatPrefersAnother(t *testing.T) {
	server := httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		fmt.Fprintf(w, "%q", r.Proto)
	}))
	server.EnableHTTP2 = true
	server.StartTLS()
	defer server.Close()
	for name, want := range map[string]string{"own": "HTTP/1.1", "the caller's": "HTTP/2.0"} {
		client := NewClient(nil, server.URL, "queue")
		client.HTTPClient = server.Client()
		if name == "own" {
			own := newTransport()
			own.TLSClientConfig.RootCAs = x509.NewCertPool()
			own.TLSClientConfig.RootCAs.AddCert(server.Certificate())
			client.HTTPClient = &http.Client{Transport: own}
			defer own.CloseIdleConnections()
		}
		var proto string
		if err := client.Do(t.Context(), Call{Path: "/x"}, &proto); err != nil || proto != want {
			t.Errorf("%s: spoke %s (%v), want %s", name, proto, err, want)
		}
	}
}
