package taskclustertest

import (
	"maps"
	"slices"
	"time"
)

type secret struct {
	value   any
	expires string
}

func (s *Server) setSecret(req *request) answer {
	if req.payload["secret"] == nil || req.payload["expires"] == nil {
		return s.invalid(req, "secrets/v1/secret.json", []string{"data must have required properties secret and expires"})
	}
	s.secrets[req.id] = secret{value: req.payload["secret"], expires: text(req.payload["expires"])}
	return ok(map[string]any{})
}

func (s *Server) getSecret(req *request) answer {
	found, known := s.secrets[req.id]
	if !known {
		return s.refuse(req, 404, "ResourceNotFound", "Secret not found")
	}
	if expires, err := time.Parse(time.RFC3339, found.expires); err == nil && expires.Before(s.config.Now()) {
		return s.refuse(req, 410, "ResourceExpired", "The requested resource has expired.")
	}
	return ok(map[string]any{"secret": found.value, "expires": found.expires})
}

func (s *Server) removeSecret(req *request) answer {
	if _, known := s.secrets[req.id]; !known {
		return s.refuse(req, 404, "ResourceNotFound", "Secret not found")
	}
	delete(s.secrets, req.id)
	return ok(map[string]any{})
}

func (s *Server) listSecrets(req *request) answer {
	var names []any
	for _, name := range slices.Sorted(maps.Keys(s.secrets)) {
		names = append(names, name)
	}
	return ok(s.page(req, "secrets", names))
}

// notifyPulse publishes a message for whoever asks.
func (s *Server) notifyPulse(req *request) answer {
	key := text(req.payload["routingKey"])
	if refused := s.authorize(req, map[string]any{"routingKey": key}); refused != nil {
		return *refused
	}
	s.send("notify", "notification", "primary."+key, nil, map[string]any{"version": 1, "message": req.payload["message"]})
	return ok(map[string]any{})
}
