package model

import "testing"

func TestExportedName(t *testing.T) {
	for name, want := range map[string]string{
		"taskId": "TaskID", "taskIds": "TaskIDs", "url": "URL", "putUrl": "PutURL", "awsS3Credentials": "AWSS3Credentials", "sentryDSN": "SentryDSN",
		"list-task-group-response": "ListTaskGroupResponse", "list-lastFires-response": "ListLastFiresResponse", "task-group-response": "TaskGroupResponse",
		"ec2-manager": "Ec2Manager", "listRoles2": "ListRoles2", "__lbheartbeat__": "Lbheartbeat", "ImageId": "ImageID", "m-search": "MSearch",
		"taskcluster-github-config.v1": "TaskclusterGithubConfigV1", "2fa": "N2fa", "": "Empty", "ü": "Empty", "DSNs": "DSNs", "HTTPServer": "HTTPServer",
	} {
		if got := ExportedName(name); got != want {
			t.Errorf("%q is %s in Go, want %s", name, got, want)
		}
	}
}

func TestParameterName(t *testing.T) {
	for name, want := range map[string]string{
		"taskId": "taskID", "hookGroupId": "hookGroupID", "url": "url", "name": "name", "type": "theType", "payload": "thePayload", "wstAudience": "wstAudience",
	} {
		if got := ParameterName(name, "ctx", "payload"); got != want {
			t.Errorf("%q is the parameter %s, want %s", name, got, want)
		}
	}
}

func TestSingular(t *testing.T) {
	for name, want := range map[string]string{
		"runs": "run", "policies": "policy", "addresses": "address", "branches": "branch", "statuses": "status", "status": "statusItem", "access": "accessItem", "pulse": "pulseItem",
	} {
		if got := Singular(name); got != want {
			t.Errorf("one of %s is %s, want %s", name, got, want)
		}
	}
}
