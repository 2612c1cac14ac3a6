package taskclustertest

import (
	"fmt"
	"maps"
	"slices"
	"strings"
)

// authorize is nil, or the refusal of a caller who isn't let in, or whose scopes
// don't satisfy the method's expression. The parameters of the path are filled
// in, and beside them those given.
func (s *Server) authorize(req *request, params map[string]any) *answer {
	if req.who == nil {
		who, err := s.authenticate(req.Request, req.body)
		if err == errShortHash {
			a := s.internalError(req)
			return &a
		}
		if err != nil {
			a := s.refuse(req, 401, "AuthenticationFailed", err.Error())
			return &a
		}
		req.who = who
	}
	if req.endpoint.scopes == nil {
		return nil
	}
	all := map[string]any{}
	for name, value := range req.params {
		all[name] = value
	}
	maps.Copy(all, params)
	rendered := req.endpoint.scopes.render(all)
	if len(rendered) == 0 {
		return nil
	}
	return s.demand(req, rendered[0])
}

// demand is nil, or the refusal of a caller whose scopes don't satisfy the
// expression.
func (s *Server) demand(req *request, expression any) *answer {
	lacks := missing(req.who.scopes, expression)
	if lacks == nil {
		return nil
	}
	message := fmt.Sprintf("This request requires Taskcluster credentials that satisfy the following scope expression:\n\n```\n%s\n```", expressionText(expression))
	if req.who.clientID != "" {
		message = fmt.Sprintf("Client ID %s does not have sufficient scopes and is missing the following scopes:\n\n```\n%s\n```\n\nThis request requires the client to satisfy the following scope expression:\n\n```\n%s\n```",
			req.who.clientID, expressionText(lacks), expressionText(expression))
	}
	a := s.refuse(req, 403, "InsufficientScopes", message)
	return &a
}

// derived are the parameters of scopes for the methods that have no behaviour
// here: those of the query and the payload, and those that the services make of
// them.
func (s *Server) derived(req *request) map[string]any {
	all := map[string]any{}
	for name := range req.URL.Query() {
		all[name] = req.URL.Query().Get(name)
	}
	maps.Copy(all, req.payload)
	switch req.endpoint.name {
	case "awsS3Credentials", "azureTableSAS", "azureContainerSAS":
		all["levelIsReadOnly"] = req.params["level"] == "read-only"
	case "githubRepoToken":
		all["owner"] = strings.ToLower(req.params["owner"])
		all["repoPerms"] = repoPerms(req.payload)
	case "declareWorker":
		all["properties"] = slices.Sorted(maps.Keys(req.payload))
	}
	return all
}

// repoPerms are each repository with each permission and its level.
func repoPerms(payload map[string]any) []string {
	var all []string
	permissions, _ := payload["permissions"].(map[string]any)
	for permission, level := range permissions {
		for _, repository := range texts(payload["repositories"]) {
			all = append(all, strings.ToLower(repository)+":"+permission+":"+text(level))
		}
	}
	slices.Sort(all)
	return all
}
