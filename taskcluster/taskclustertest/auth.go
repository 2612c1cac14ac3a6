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

// identity is who made a request and what they may do.
type identity struct {
	clientID string   // "" for nobody
	issuer   string   // the permanent client behind named temporary credentials
	shown    []string // the scopes that certificate or authorizedScopes name; nil: neither
	scopes   []string // expanded
	expires  time.Time
	hash     string // of the payload, as signed; "" for none
	replayed bool   // the nonce was used before, which services allow
}

const (
	maxAuthorization = 4096 // of a header, and of a path with a bewit
	hawkSkew         = 15 * time.Minute
)

// refusal is why a request isn't let in, in the service's words.
type refusal string

func (r refusal) Error() string { return string(r) }

func refusef(format string, args ...any) error { return refusal(fmt.Sprintf(format, args...)) }

// errShortHash is no refusal: services stumble over a payload hash whose length
// is wrong.
const errShortHash = refusal("the payload hash has another length than a SHA-256")

// authenticate says who signed the request. Its errors are refusals.
func (s *Server) authenticate(r *http.Request, body []byte) (*identity, error) {
	who, err := s.identify(signedPart(r), r.Header.Get("Authorization"))
	if err != nil || who.hash == "" {
		return who, err
	}
	computed := payloadHash(r.Header.Get("Content-Type"), body)
	if len(computed) != len(who.hash) {
		return nil, errShortHash
	}
	if computed != who.hash {
		return nil, refusef("Invalid payload hash: {{hash}}\nComputed payload hash: %s\nThis happens when your request carries a signed hash of the payload and the hash doesn't match the hash we've computed on the server-side.", computed)
	}
	return who, nil
}

// identify reads the Authorization header, or else the bewit in the path. Who
// sends neither is nobody, with the scopes that everybody has.
func (s *Server) identify(r signedRequest, authorization string) (*identity, error) {
	signed := bewitPattern.MatchString(r.uri)
	switch {
	case authorization != "" && signed:
		return nil, refusal("Cannot use two authentication schemes at once this request has both bewit in querystring and 'authorization' header")
	case authorization != "":
		return s.byHeader(r, authorization)
	case signed:
		return s.byBewit(r)
	}
	return &identity{scopes: s.expand(nil), expires: s.config.Now().Add(15 * time.Minute)}, nil
}

func (s *Server) byHeader(r signedRequest, authorization string) (*identity, error) {
	if len(authorization) > maxAuthorization {
		return nil, refusal("Bad Request: Header length too long")
	}
	hawk, err := parseHawk(authorization)
	if err != nil {
		return nil, err
	}
	who, key, err := s.lookUp(hawk.id, hawk.ext)
	if err != nil {
		return nil, err
	}
	if !hawk.matches(key, r) {
		return nil, refusal("Unauthorized: Bad mac")
	}
	ts, err := strconv.ParseInt(hawk.ts, 10, 64)
	if err != nil || s.config.Now().Sub(time.Unix(ts, 0)).Abs() > hawkSkew {
		return nil, refusal("Unauthorized: Stale timestamp")
	}
	used := hawk.id + "\n" + hawk.ts + "\n" + hawk.nonce
	who.replayed = s.nonces[used]
	s.nonces[used] = true
	who.hash = hawk.hash
	return who, nil
}

func (s *Server) byBewit(r signedRequest) (*identity, error) {
	b, err := parseBewit(r)
	if err != nil {
		return nil, err
	}
	if !b.expires.After(s.config.Now()) {
		return nil, refusal("Unauthorized: Access expired")
	}
	who, key, err := s.lookUp(b.id, b.ext)
	if err != nil {
		return nil, err
	}
	if !b.matches(key, r) {
		return nil, refusal("Unauthorized: Bad mac")
	}
	return who, nil
}

// lookUp finds the key that the caller should have signed with, and what they
// may do when they did.
func (s *Server) lookUp(clientID, signedExt string) (*identity, string, error) {
	ext, err := parseExt(signedExt)
	if err != nil {
		return nil, "", err
	}
	cert, issuer := ext.Certificate, clientID
	if cert != nil && cert.Issuer != "" {
		issuer = cert.Issuer
		if issuer == clientID {
			return nil, "", refusal("ext.certificate.issuer must differ from the supplied clientId")
		}
	}
	known, err := s.usable(issuer)
	if err != nil {
		return nil, "", err
	}
	who := &identity{clientID: clientID, scopes: s.expand(known.scopes), expires: known.expires}
	key := known.accessToken
	if cert != nil {
		if err := s.certified(who, cert, issuer, key); err != nil {
			return nil, "", err
		}
		key = base64.RawURLEncoding.EncodeToString(hmacSHA256(key, cert.Seed))
	}
	if ext.AuthorizedScopes != nil {
		limit := *ext.AuthorizedScopes
		if slices.ContainsFunc(limit, func(scope string) bool { return !satisfied(who.scopes, scope) }) {
			return nil, "", refusef("Supplied credentials do not satisfy authorizedScopes; credentials have scopes:\n\n```\n%s\n```\n\nauthorizedScopes are:\n\n```\n%s\n```",
				strings.Join(who.scopes, "\n"), strings.Join(limit, "\n"))
		}
		who.shown = limit
		who.scopes = s.expand(limit)
	}
	return who, key, nil
}

// usable is a permanent client that may call. What isn't one, as a name given
// to temporary credentials, isn't found.
func (s *Server) usable(clientID string) (*client, error) {
	known := s.clients[clientID]
	switch {
	case known == nil:
		return nil, refusef("Client with clientId '%s' not found", clientID)
	case known.disabled:
		return nil, refusef("Client with clientId '%s' is disabled", clientID)
	case known.expires.Before(s.config.Now()):
		return nil, refusef("Client with clientId: '%s' has expired", clientID)
	}
	return known, nil
}

// certified limits who to a certificate that the issuer made for them.
func (s *Server) certified(who *identity, cert *certificate, issuer, issuerToken string) error {
	if err := cert.inForce(s.config.Now()); err != nil {
		return err
	}
	if cert.Issuer != "" {
		who.issuer = issuer
		if need := "auth:create-client:" + who.clientID; !satisfied(who.scopes, need) {
			return refusef("ext.certificate issuer `%s` doesn't have `%s` for supplied clientId.", issuer, need)
		}
	}
	if slices.ContainsFunc(cert.Scopes, func(scope string) bool { return !satisfied(who.scopes, scope) }) {
		return refusef("ext.certificate issuer `%s` doesn't satisfy all certificate scopes %s.  The temporary credentials were not generated correctly.",
			issuer, strings.Join(cert.Scopes, ", "))
	}
	if err := cert.signedBy(issuerToken, who.clientID); err != nil {
		return err
	}
	who.shown = cert.Scopes
	who.scopes = s.expand(cert.Scopes)
	if ends := time.UnixMilli(cert.Expiry); ends.Before(who.expires) {
		who.expires = ends
	}
	return nil
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
