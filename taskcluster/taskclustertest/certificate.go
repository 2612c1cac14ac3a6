package taskclustertest

import (
	"bytes"
	"crypto/hmac"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"strings"
	"time"
)

const (
	certificateSkew = 5 * time.Minute
	maxCertificate  = 31 * 24 * time.Hour
)

// extension is what the ext field holds.
type extension struct {
	Certificate      *certificate `json:"certificate"`
	AuthorizedScopes *[]string    `json:"authorizedScopes"`
}

type certificate struct {
	Version   int      `json:"version"`
	Scopes    []string `json:"scopes"`
	Start     int64    `json:"start"`
	Expiry    int64    `json:"expiry"`
	Seed      string   `json:"seed"`
	Signature string   `json:"signature"`
	Issuer    string   `json:"issuer"`
}

const errExt = refusal("Failed to parse ext")

// parseExt reads the ext field: base64, with or without padding and in either
// alphabet, of JSON.
func parseExt(ext string) (*extension, error) {
	if ext == "" {
		return &extension{}, nil
	}
	standard := strings.NewReplacer("-", "+", "_", "/").Replace(strings.TrimRight(ext, "="))
	text, err := base64.RawStdEncoding.DecodeString(standard)
	if err != nil {
		return nil, errExt
	}
	var parsed struct {
		Certificate      json.RawMessage `json:"certificate"`
		AuthorizedScopes json.RawMessage `json:"authorizedScopes"`
	}
	if json.Unmarshal(text, &parsed) != nil {
		return nil, errExt
	}
	e := &extension{}
	if parsed.Certificate != nil {
		if e.Certificate, err = parseCertificate(parsed.Certificate); err != nil {
			return nil, err
		}
	}
	if parsed.AuthorizedScopes != nil {
		list, ok := parseScopes(parsed.AuthorizedScopes)
		if !ok {
			return nil, refusal("ext.authorizedScopes must be an array of valid scopes")
		}
		e.AuthorizedScopes = &list
	}
	return e, nil
}

func parseCertificate(text json.RawMessage) (*certificate, error) {
	var c certificate
	var own struct {
		Scopes json.RawMessage `json:"scopes"`
	}
	if json.Unmarshal(text, &own) != nil {
		return nil, refusal("ext.certificate must be an object")
	}
	list, ok := parseScopes(own.Scopes)
	if !ok {
		return nil, refusal("ext.certificate.scopes must be an array of valid scopes")
	}
	if json.Unmarshal(text, &c) != nil {
		return nil, refusal("ext.certificate has fields of the wrong type")
	}
	c.Scopes = list
	return &c, nil
}

// parseScopes reads a list of scopes; null isn't one.
func parseScopes(text json.RawMessage) ([]string, bool) {
	if len(text) == 0 || bytes.Equal(bytes.TrimSpace(text), []byte("null")) {
		return nil, false
	}
	list := []string{}
	if json.Unmarshal(text, &list) != nil {
		return nil, false
	}
	for _, scope := range list {
		if printable(scope) != scope {
			return nil, false
		}
	}
	return list, true
}

// inForce says whether the certificate could be one, and is valid now.
func (c *certificate) inForce(now time.Time) error {
	start, expiry := time.UnixMilli(c.Start), time.UnixMilli(c.Expiry)
	switch {
	case c.Version != 1:
		return refusal("ext.certificate.version must be 1")
	case len(c.Seed) != 44:
		return refusal("ext.certificate.seed must be 44 characters")
	case start.After(now.Add(certificateSkew)):
		return refusal("ext.certificate.start > now")
	case expiry.Before(now.Add(-certificateSkew)):
		return refusal("ext.certificate.expiry < now")
	case expiry.Sub(start) > maxCertificate:
		return refusal("ext.certificate cannot last longer than 31 days!")
	}
	return nil
}

// signedBy says whether the issuer made it for clientID.
func (c *certificate) signedBy(issuerToken, clientID string) error {
	signature, err := base64.StdEncoding.DecodeString(c.Signature)
	if err == nil && hmac.Equal(signature, hmacSHA256(issuerToken, c.text(clientID))) {
		return nil
	}
	if c.Issuer == "" {
		return refusal("ext.certificate.signature is not valid")
	}
	return refusal("ext.certificate.signature is not valid, or wrong clientId provided")
}

// text is what a signature is made over.
func (c *certificate) text(clientID string) string {
	lines := []string{"version:1"}
	if c.Issuer != "" {
		lines = append(lines, "clientId:"+clientID, "issuer:"+c.Issuer)
	}
	lines = append(lines, "seed:"+c.Seed, fmt.Sprintf("start:%d", c.Start), fmt.Sprintf("expiry:%d", c.Expiry), "scopes:")
	return strings.Join(append(lines, c.Scopes...), "\n")
}
