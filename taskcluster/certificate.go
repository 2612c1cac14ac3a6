package taskcluster

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"strconv"
	"strings"
	"time"
)

// Certificate says what temporary credentials may do and until when, signed with
// the access token of the permanent credentials they were made from.
// See https://docs.taskcluster.net/docs/manual/design/apis/hawk/temporary-credentials
type Certificate struct {
	Version int `json:"version"` // always 1
	// Scopes is what the credentials may do at most. Their order is signed.
	Scopes []string `json:"scopes"`
	// Start and Expiry are in milliseconds since 1970. The server allows five
	// minutes either side, and 31 days between them.
	Start  int64 `json:"start"`
	Expiry int64 `json:"expiry"`
	// Seed is what the temporary access token is made from: 44 characters.
	Seed      string `json:"seed"`
	Signature string `json:"signature"`
	// Issuer is the permanent client, of named temporary credentials only.
	Issuer string `json:"issuer,omitempty"`
}

// maxCertificate is far above what fits into an Authorization header.
const maxCertificate = 64 << 10

// ParseCertificate reads a certificate from its JSON. The error quotes nothing
// of it.
func ParseCertificate(text string) (*Certificate, error) {
	cert := &Certificate{}
	if len(text) > maxCertificate {
		return cert, fmt.Errorf("parse certificate: %d bytes are more than any certificate has", len(text))
	}
	dec := json.NewDecoder(strings.NewReader(text))
	if err := dec.Decode(cert); err != nil {
		return &Certificate{}, errors.New("parse certificate: not a certificate in JSON")
	}
	if _, err := dec.Token(); err != io.EOF {
		return &Certificate{}, errors.New("parse certificate: something follows its JSON")
	}
	if cert.Version != 1 {
		return &Certificate{}, fmt.Errorf("parse certificate: version %d, only 1 is known", cert.Version)
	}
	if cert.Scopes == nil {
		cert.Scopes = []string{} // null is refused by the server
	}
	return cert, nil
}

// Sign sets the signature. tempClientID is the name of named temporary
// credentials, for which Issuer must be set, or the permanent client's id.
func (cert *Certificate) Sign(accessToken, tempClientID string) error {
	if accessToken == "" {
		return errors.New("sign certificate: no access token")
	}
	if cert.Issuer != "" && cert.Issuer == tempClientID {
		return fmt.Errorf("sign certificate: named credentials of %q need another name than their issuer", cert.Issuer)
	}
	text := cert.appendText(nil, tempClientID)
	cert.Signature = base64.StdEncoding.EncodeToString(hmacOf(accessToken, text))
	return nil
}

func hmacOf(key string, text []byte) []byte {
	mac := hmac.New(sha256.New, []byte(key))
	mac.Write(text)
	return mac.Sum(nil)
}

// appendText appends what the signature is over.
func (cert *Certificate) appendText(b []byte, tempClientID string) []byte {
	b = strconv.AppendInt(append(b, "version:"...), int64(cert.Version), 10)
	if cert.Issuer != "" {
		b = append(append(b, "\nclientId:"...), tempClientID...)
		b = append(append(b, "\nissuer:"...), cert.Issuer...)
	}
	b = append(append(b, "\nseed:"...), cert.Seed...)
	b = strconv.AppendInt(append(b, "\nstart:"...), cert.Start, 10)
	b = strconv.AppendInt(append(b, "\nexpiry:"...), cert.Expiry, 10)
	b = append(b, "\nscopes:"...)
	for _, scope := range cert.Scopes {
		b = append(append(b, '\n'), scope...)
	}
	return b
}

// Expires is the time from which on, five minutes of grace aside, servers refuse
// the certificate.
func (cert *Certificate) Expires() time.Time {
	return time.UnixMilli(cert.Expiry)
}

// Format prints what the certificate allows and until when, whatever the verb,
// and never its signature.
func (cert Certificate) Format(s fmt.State, _ rune) {
	fmt.Fprintf(s, "certificate for %d scopes until %s", len(cert.Scopes), Time(cert.Expires()))
}

// LogValue is what Format prints.
func (cert Certificate) LogValue() slog.Value {
	return slog.StringValue(fmt.Sprint(cert))
}
