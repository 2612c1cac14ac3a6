package taskcluster

import (
	"fmt"
	"net/url"
	"strconv"
	"strings"
)

// CheckRootURL is the root URL without its trailing slash, or an error that says
// what is wrong with it. Credentials in it are refused, and not repeated.
func CheckRootURL(rootURL string) (string, error) {
	return checkAddress("root URL", "https://tc.example.org", rootURL)
}

func checkAddress(kind, example, address string) (string, error) {
	u, err := url.Parse(address)
	switch {
	case address == "":
		return "", fmt.Errorf("%s: there is none; write %s", kind, example)
	case err != nil:
		return "", fmt.Errorf("%s: it cannot be read; write %s", kind, example)
	case u.User != nil:
		return "", fmt.Errorf("%s of %s: it has credentials in it; write https://%s%s", kind, u.Host, u.Host, u.Path)
	case u.Scheme != "https" && u.Scheme != "http", u.Host == "":
		return "", fmt.Errorf("%s %q: no web address; write %s", kind, address, example)
	case u.RawQuery != "" || u.Fragment != "":
		return "", fmt.Errorf("%s %q: it has a query or a fragment; write %s://%s%s", kind, address, u.Scheme, u.Host, u.Path)
	}
	return strings.TrimRight(address, "/"), nil
}

// TaskURL is the page of a task.
func TaskURL(rootURL, taskID string) string {
	return page(rootURL, "tasks", taskID)
}

// RunURL is the page of one run of a task.
func RunURL(rootURL, taskID string, run int) string {
	return page(rootURL, "tasks", taskID, "runs", strconv.Itoa(run))
}

// GroupURL is the page of a task group.
func GroupURL(rootURL, groupID string) string {
	return page(rootURL, "tasks", "groups", groupID)
}

// LogURL is the address of a run's log, the artifact public/logs/live.log.
func LogURL(rootURL, taskID string, run int) string {
	return page(rootURL, "api", "queue", "v1", "task", taskID, "runs", strconv.Itoa(run), "artifacts", "public", "logs", "live.log")
}

func page(rootURL string, elements ...string) string {
	address := strings.TrimRight(rootURL, "/")
	for _, e := range elements {
		address += "/" + url.PathEscape(e)
	}
	return address
}
