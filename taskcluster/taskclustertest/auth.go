package taskclustertest

import (
	"encoding/base64"
	"fmt"
	"net"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"
)

type client struct {
	accessToken string
	scopes      []string
}

// identity is who made a request and what they may do.
type identity struct {
	clientID string   // "" for nobody
	issuer   string   // the permanent client behind named temporary credentials
	shown    []string // the scopes that certificate or authorizedScopes name; nil: neither
	scopes   []string // expanded
	replayed bool     // the nonce was used before, which services allow
}

const (
	maxAuthorization = 4096
	hawkSkew         = 15 * time.Minute
)

// refusal is why a request isn't let in, in the service's words.
type refusal string

func (r refusal) Error() string { return string(r) }

func refusef(format string, args ...any) error { return refusal(fmt.Sprintf(format, args...)) }

// authenticate says who signed the request. Its errors are refusals.
func (s *Server) authenticate(r *http.Request, body []byte) (*identity, error) {
	header := r.Header.Get("Authorization")
	if header == "" {
		return &identity{scopes: s.expand(nil)}, nil
	}
	if len(header) > maxAuthorization {
		return nil, refusal("Unauthorized: Header length too long")
	}
	hawk, err := parseHawk(header)
	if err != nil {
		return nil, err
	}
	ext, err := parseExt(hawk.ext)
	if err != nil {
		return nil, err
	}
	who, key, err := s.lookUp(hawk.id, ext)
	if err != nil {
		return nil, err
	}
	if !hawk.matches(key, signedPart(r)) {
		return nil, refusal("Unauthorized: Bad mac")
	}
	if hawk.hash != "" {
		if computed := payloadHash(r.Header.Get("Content-Type"), body); computed != hawk.hash {
			return nil, refusef("Invalid payload hash: {{hash}}\nComputed payload hash: %s", computed)
		}
	}
	ts, err := strconv.ParseInt(hawk.ts, 10, 64)
	if err != nil || s.config.Now().Sub(time.Unix(ts, 0)).Abs() > hawkSkew {
		return nil, refusal("Unauthorized: Stale timestamp")
	}
	used := hawk.id + "\n" + hawk.ts + "\n" + hawk.nonce
	who.replayed = s.nonces[used]
	s.nonces[used] = true
	return who, nil
}

// lookUp finds the key that the caller should have signed with, and what they
// may do when they did.
func (s *Server) lookUp(clientID string, ext *extension) (*identity, string, error) {
	issuer := clientID
	cert := ext.Certificate
	if cert != nil && cert.Issuer != "" {
		issuer = cert.Issuer
	}
	known := s.clients[issuer]
	if known == nil {
		return nil, "", refusef("Client with clientId '%s' not found", issuer)
	}
	who := &identity{clientID: clientID, scopes: s.expand(known.scopes)}
	key := known.accessToken
	if cert != nil {
		if err := cert.check(clientID, known.accessToken, s.config.Now()); err != nil {
			return nil, "", err
		}
		if cert.Issuer != "" {
			who.issuer = issuer
			if need := "auth:create-client:" + clientID; !satisfied(who.scopes, need) {
				return nil, "", refusef("ext.certificate issuer `%s` doesn't have `%s` for supplied clientId.", issuer, need)
			}
		}
		if slices.ContainsFunc(cert.Scopes, func(scope string) bool { return !satisfied(who.scopes, scope) }) {
			return nil, "", refusef("ext.certificate issuer `%s` doesn't satisfy all certificate scopes %s.  The temporary credentials were not generated correctly.",
				issuer, strings.Join(cert.Scopes, ", "))
		}
		who.shown = cert.Scopes
		who.scopes = s.expand(cert.Scopes)
		key = base64.RawURLEncoding.EncodeToString(hmacSHA256(key, cert.Seed))
	}
	if ext.AuthorizedScopes != nil {
		limit := *ext.AuthorizedScopes
		if slices.ContainsFunc(limit, func(scope string) bool { return !satisfied(who.scopes, scope) }) {
			return nil, "", refusef("ext.authorizedScopes oversteps your scopes: %s", strings.Join(who.scopes, ", "))
		}
		who.shown = limit
		who.scopes = s.expand(limit)
	}
	return who, key, nil
}

// signedPart takes the host as the client named it: a port that it left out is
// that of plain HTTP, since that is what it spoke.
func signedPart(r *http.Request) signedRequest {
	host, port, err := net.SplitHostPort(r.Host)
	if err != nil {
		host, port = r.Host, "80"
	}
	if strings.Contains(host, ":") {
		host = "[" + host + "]"
	}
	return signedRequest{method: r.Method, uri: r.RequestURI, host: host, port: port}
}
