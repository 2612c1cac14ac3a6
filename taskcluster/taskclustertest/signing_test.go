package taskclustertest_test

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"
)

// signer signs as Hawk and Taskcluster say, by itself: what it can't do wrong is
// made by hand here, so that each part can be done wrong.
type signer struct {
	id, key string
	ts      time.Duration // of the client's clock against the server's
	ext     any           // text as it is, else written as JSON
	hash    string
	nonce   string
	bewit   bool
	ttl     time.Duration // of a bewit
}

func mac(key, text string) []byte {
	h := hmac.New(sha256.New, []byte(key))
	h.Write([]byte(text))
	return h.Sum(nil)
}

func (s signer) extText(t *testing.T) string {
	t.Helper()
	if s.ext == nil {
		return ""
	}
	if text, ok := s.ext.(string); ok {
		return text
	}
	text, err := json.Marshal(s.ext)
	if err != nil {
		t.Fatal(err)
	}
	return base64.StdEncoding.EncodeToString(text)
}

func (s signer) sign(t *testing.T, req *http.Request) {
	t.Helper()
	host, port, _ := strings.Cut(req.URL.Host, ":")
	ext := s.extText(t)
	if s.bewit {
		exp := fmt.Sprint(time.Now().Add(s.ttl).Unix())
		text := strings.Join([]string{"hawk.1.bewit", exp, "", "GET", req.URL.RequestURI(), host, port, "", ext}, "\n") + "\n"
		signed := strings.Join([]string{s.id, exp, base64.StdEncoding.EncodeToString(mac(s.key, text)), ext}, `\`)
		between := "?"
		if req.URL.RawQuery != "" {
			between = "&"
		}
		parsed, err := req.URL.Parse(req.URL.RequestURI() + between + "bewit=" + base64.RawURLEncoding.EncodeToString([]byte(signed)))
		if err != nil {
			t.Fatal(err)
		}
		req.URL = parsed
		return
	}
	ts := fmt.Sprint(time.Now().Add(s.ts).Unix())
	if s.nonce == "" {
		s.nonce = "n" + fmt.Sprint(time.Now().UnixNano())
	}
	text := strings.Join([]string{"hawk.1.header", ts, s.nonce, req.Method, req.URL.RequestURI(), host, port, s.hash, ext}, "\n") + "\n"
	header := fmt.Sprintf(`Hawk id="%s", ts="%s", nonce="%s", `, s.id, ts, s.nonce)
	if s.hash != "" {
		header += fmt.Sprintf(`hash="%s", `, s.hash)
	}
	if ext != "" {
		header += fmt.Sprintf(`ext="%s", `, ext)
	}
	req.Header.Set("Authorization", header+`mac="`+base64.StdEncoding.EncodeToString(mac(s.key, text))+`"`)
}

// cert is a certificate before it is signed.
type cert struct {
	Version   int      `json:"version"`
	Scopes    []string `json:"scopes"`
	Start     int64    `json:"start"`
	Expiry    int64    `json:"expiry"`
	Seed      string   `json:"seed"`
	Signature string   `json:"signature"`
	Issuer    string   `json:"issuer,omitempty"`
	ClientID  string   `json:"clientId,omitempty"`
}

func newCert(issuer string) cert {
	now := time.Now()
	return cert{
		Version: 1, Scopes: []string{"queue:create-task:project:none"}, Start: now.UnixMilli(), Expiry: now.Add(time.Hour).UnixMilli(),
		Seed: strings.Repeat("s", 44), Issuer: issuer,
	}
}

// temporary are credentials by a certificate that the issuer's token signs.
func temporary(c cert, name, token string) signer {
	lines := []string{fmt.Sprintf("version:%d", c.Version)}
	if c.Issuer != "" {
		lines = append(lines, "clientId:"+name, "issuer:"+c.Issuer)
	}
	lines = append(lines, "seed:"+c.Seed, fmt.Sprintf("start:%d", c.Start), fmt.Sprintf("expiry:%d", c.Expiry), "scopes:")
	c.Signature = base64.StdEncoding.EncodeToString(mac(token, strings.Join(append(lines, c.Scopes...), "\n")))
	key := base64.RawURLEncoding.EncodeToString(mac(token, c.Seed))
	return signer{id: name, key: key, ext: map[string]any{"certificate": c}}
}

func hashOf(contentType, body string) string {
	sum := sha256.Sum256([]byte("hawk.1.payload\n" + contentType + "\n" + body + "\n"))
	return base64.StdEncoding.EncodeToString(sum[:])
}
