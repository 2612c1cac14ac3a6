package taskclustertest

import (
	"strconv"
	"strings"

	"verdict/taskcluster"
)

func (s *Server) ping(*request) answer {
	return ok(map[string]any{"alive": true, "uptime": 1})
}

func (s *Server) version(*request) answer {
	return ok(map[string]any{"version": "v106.0.0", "commit": "", "source": "", "build": "NONE"})
}

func (s *Server) heartbeat(*request) answer { return ok(map[string]any{}) }

func (s *Server) currentScopes(req *request) answer {
	return ok(map[string]any{"scopes": req.who.scopes})
}

func (s *Server) expandScopes(req *request) answer {
	list, given := req.payload["scopes"].([]any)
	if !given {
		return s.invalid(req, "auth/v1/scopeset.json", []string{"data must have required property 'scopes'"})
	}
	return ok(map[string]any{"scopes": s.expandOnly(texts(list))})
}

// authenticateHawk says of a request that somebody else got who signed it.
func (s *Server) authenticateHawk(req *request) answer {
	port, _ := req.payload["port"].(float64)
	who, err := s.identify(signedRequest{
		method: strings.ToUpper(text(req.payload["method"])), uri: text(req.payload["resource"]),
		host: text(req.payload["host"]), port: strconv.Itoa(int(port)),
	}, text(req.payload["authorization"]))
	if err != nil {
		return ok(map[string]any{"status": "auth-failed", "message": err.Error()})
	}
	expires := taskcluster.Time(who.expires)
	if who.clientID == "" {
		return ok(map[string]any{"status": "no-auth", "scheme": "none", "scopes": who.scopes, "expires": expires})
	}
	body := map[string]any{"status": "auth-success", "scheme": "hawk", "scopes": who.scopes, "clientId": who.clientID, "expires": expires}
	if who.hash != "" {
		body["hash"] = who.hash
	}
	return ok(body)
}

func (s *Server) testAuthenticate(req *request) answer {
	return s.tester(req, texts(req.payload["clientScopes"]), texts(req.payload["requiredScopes"]))
}

func (s *Server) testAuthenticateGet(req *request) answer {
	return s.tester(req, []string{"test:*", "auth:create-client:test:*"}, []string{"test:authenticate-get"})
}

// tester checks a signature of the client tester, whose token everybody knows
// and who has the scopes that the caller says, in a world without other clients
// and roles.
func (s *Server) tester(req *request, scopes, required []string) answer {
	alone := &Server{config: s.config, nonces: map[string]bool{}, clients: map[string]*client{
		"tester": {id: "tester", accessToken: "no-secret", scopes: scopes, expires: s.config.Now().AddDate(0, 0, 1)},
	}}
	req.who = nil
	if refused := alone.authorize(req, nil); refused != nil {
		return *refused
	}
	var all allOf
	for _, scope := range required {
		all = append(all, scope)
	}
	if refused := alone.demand(req, all); refused != nil {
		return *refused
	}
	return ok(map[string]any{"clientId": req.who.clientID, "scopes": req.who.scopes})
}
