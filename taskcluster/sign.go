package taskcluster

import (
	"encoding/base64"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"net/url"
	"time"

	"verdict/taskcluster/hawk"
)

// ExtHeader is what the ext field of the Authorization header holds, as base64
// of its JSON.
type ExtHeader struct {
	Certificate *Certificate `json:"certificate,omitempty"`
	// AuthorizedScopes is a pointer since none and an empty list differ.
	AuthorizedScopes *[]string `json:"authorizedScopes,omitempty"`
}

// LogValue prints the certificate as it does itself.
func (ext ExtHeader) LogValue() slog.Value {
	return slog.StringValue(fmt.Sprintf("%+v", ext))
}

// ErrHeaderTooLong is wrapped by the error for credentials whose certificate and
// scopes make an Authorization header longer than the 4096 characters services
// take. Fewer scopes, or one that ends in * for several, make it shorter. It is
// ErrInvalid too.
var ErrHeaderTooLong = fmt.Errorf("%w: the Authorization header would be too long", ErrInvalid)

// SignRequest sets the Authorization header. It is good for one sending: a
// repeat of the request must be signed anew.
func (creds *Credentials) SignRequest(req *http.Request) error {
	ext, err := creds.ext()
	if err != nil {
		return fmt.Errorf("sign request: %w", err)
	}
	header, err := hawk.Header(req, hawk.Key{ID: creds.ClientID, Secret: creds.AccessToken}, ext)
	if err != nil {
		return err
	}
	if len(header) > hawk.MaxLength {
		return fmt.Errorf("sign request of %s: %w: %d characters, %d are taken", creds, ErrHeaderTooLong, len(header), hawk.MaxLength)
	}
	if req.Header == nil {
		req.Header = http.Header{}
	}
	req.Header.Set("Authorization", header)
	return nil
}

// SignURL is u with a signature that lets anybody GET it for lifetime as if they
// had these credentials: a secret. What query u has is kept, in front of the
// signature. The error wraps ErrInvalid where the URL would have more than the
// 4096 characters services take.
func (creds *Credentials) SignURL(u *url.URL, lifetime time.Duration) (*url.URL, error) {
	ext, err := creds.ext()
	if err != nil {
		return nil, fmt.Errorf("sign URL: %w", err)
	}
	bewit, err := hawk.Bewit(u, hawk.Key{ID: creds.ClientID, Secret: creds.AccessToken}, ext, lifetime)
	if errors.Is(err, hawk.ErrTooLong) {
		return nil, fmt.Errorf("%w: %w", ErrInvalid, err)
	}
	if err != nil {
		return nil, err
	}
	signed := *u
	if signed.RawQuery != "" {
		signed.RawQuery += "&"
	}
	signed.RawQuery += "bewit=" + bewit
	return &signed, nil
}

// ext is the field that goes with each signature. Where there is nothing to say
// it says {}, and it is in base64's alphabet for URLs, both as in Taskcluster's
// Python client.
func (creds *Credentials) ext() (string, error) {
	certificate := creds.Certificate
	if certificate != "" && !own(certificate) {
		cert, err := ParseCertificate(certificate)
		if err != nil {
			return "", err
		}
		certificate = string(cert.appendJSON(nil))
	}
	var authorized *[]string
	if creds.AuthorizedScopes != nil {
		authorized = &creds.AuthorizedScopes
	}
	var text [1024]byte
	var encoded [1400]byte
	return string(base64.URLEncoding.AppendEncode(encoded[:0], appendExt(text[:0], certificate, authorized))), nil
}
