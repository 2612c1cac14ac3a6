package deliver

import (
	"errors"
	"net/http"

	"verdict/gerrit"
)

// refused tells whether Gerrit answered and said no: then the same call will be answered the same, and the
// failure is the action's. Anything else (no answer, 5xx, 401, 429) is the server's, and holds the lane.
func refused(err error) (reason string, ok bool) {
	var answer *gerrit.HTTPError
	if !errors.As(err, &answer) || answer.Res == nil {
		return "", false
	}
	switch answer.Res.StatusCode {
	case http.StatusBadRequest, http.StatusForbidden, http.StatusNotFound, http.StatusConflict,
		http.StatusMethodNotAllowed, http.StatusGone, http.StatusRequestEntityTooLarge, http.StatusUnprocessableEntity:
		return answer.Error(), true
	}
	return "", false
}

// answered tells whether a failed call has come to its end on the server too: Gerrit itself said that it can't now.
// A call without an answer may still be at work there, until its deadline.
func answered(err error) bool {
	var answer *gerrit.HTTPError
	if !errors.As(err, &answer) || answer.Res == nil {
		return false
	}
	_, no := refused(err)
	return !no
}
