package taskclustertest

import (
	"strings"
	"testing"
	"time"
)

func TestParseHawk(t *testing.T) {
	const good = `Hawk id="a/b", ts="1", nonce="n", mac="bQ==", ext="e"`
	h, err := parseHawk(good)
	if err != nil || h.id != "a/b" || h.ts != "1" || h.nonce != "n" || h.mac != "bQ==" || h.ext != "e" {
		t.Errorf("%s: %+v (%v)", good, h, err)
	}
	for _, bad := range []string{
		"", "Hawk", "Hawk ", "Bearer x", `Hawk id="a"`,
		good + `, id="b"`, good + `, other="b"`, good + ` hash="b"`, good + `, hash="b`, good + `, hash=b`,
		strings.Replace(good, "a/b", "a\nb", 1), strings.Replace(good, "a/b", `a\b`, 1), strings.Replace(good, `nonce="n", `, "", 1),
	} {
		if h, err := parseHawk(bad); err == nil {
			t.Errorf("%q was read as %+v", bad, h)
		}
	}
}

func FuzzParseHawk(f *testing.F) {
	f.Add(`Hawk id="a", ts="1", nonce="n", mac="bQ==", hash="h", ext="e", app="x", dlg="y"`)
	f.Add(`hawk id="",,`)
	f.Fuzz(func(t *testing.T, header string) {
		h, err := parseHawk(header)
		if err != nil {
			return
		}
		if h.id == "" || h.ts == "" || h.nonce == "" || h.mac == "" {
			t.Errorf("%q lacks a field and was taken", header)
		}
		h.matches("key", signedRequest{method: "GET", uri: "/", host: "h", port: "80"})
		if strings.ContainsAny(h.id+h.ext+h.mac, "\"\\\n") {
			t.Errorf("%q has a field that no field can hold: %+v", header, h)
		}
	})
}

func FuzzParseExt(f *testing.F) {
	f.Add("eyJjZXJ0aWZpY2F0ZSI6eyJ2ZXJzaW9uIjoxLCJzY29wZXMiOltdfX0=")
	f.Add("eyJhdXRob3JpemVkU2NvcGVzIjpudWxsfQ")
	f.Add("%%%")
	f.Fuzz(func(t *testing.T, ext string) {
		e, err := parseExt(ext)
		if err != nil {
			return
		}
		if e.Certificate != nil && e.Certificate.inForce(time.Unix(0, 0)) == nil && e.Certificate.signedBy("token", "client") == nil {
			t.Errorf("%q was taken for a certificate that token signed", ext)
		}
	})
}

func FuzzParseBewit(f *testing.F) {
	f.Add("/a?bewit=YVwxXG1cZQ")
	f.Add("/a?x=1&bewit=YVwxXG1c&y=2")
	f.Add("/?bewit=")
	f.Fuzz(func(t *testing.T, uri string) {
		r := signedRequest{method: "GET", uri: uri, host: "h", port: "80"}
		b, err := parseBewit(r)
		if err != nil {
			return
		}
		if b.id == "" || b.mac == "" || len(b.resource) >= len(uri) {
			t.Errorf("%q lacks a field and was taken: %+v", uri, b)
		}
		if b.matches("key", r) {
			t.Errorf("%q was taken for a bewit that key signed", uri)
		}
	})
}
