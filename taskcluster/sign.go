package taskcluster

import (
	"encoding/base64"
	"fmt"
	"net/http"

	"verdict/taskcluster/hawk"
)

// ExtHeader is what the ext field of the Authorization header holds, as base64
// of its JSON.
type ExtHeader struct {
	Certificate *Certificate `json:"certificate,omitempty"`
	// AuthorizedScopes is a pointer since none and an empty list differ.
	AuthorizedScopes *[]string `json:"authorizedScopes,omitempty"`
}

// maxAuthorization is the longest Authorization header that services take.
const maxAuthorization = 4096

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
	if len(header) > maxAuthorization {
		return fmt.Errorf("sign request of %s: %w: %d characters, %d are taken", creds, ErrHeaderTooLong, len(header), maxAuthorization)
	}
	if req.Header == nil {
		req.Header = http.Header{}
	}
	req.Header.Set("Authorization", header)
	return nil
}

// ext is the field that goes with each signature, "" when there is nothing to say.
func (creds *Credentials) ext() (string, error) {
	if creds.Certificate == "" && creds.AuthorizedScopes == nil {
		return "", nil
	}
	cert, err := creds.Cert()
	if err != nil {
		return "", err
	}
	header := ExtHeader{Certificate: cert}
	if creds.AuthorizedScopes != nil {
		header.AuthorizedScopes = &creds.AuthorizedScopes
	}
	text, err := compactJSON(header)
	if err != nil {
		return "", fmt.Errorf("write ext: %w", err)
	}
	return base64.StdEncoding.EncodeToString(text), nil
}
