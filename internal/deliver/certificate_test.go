package deliver

import (
	"fmt"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"verdict/taskcluster"
)

// many are n scopes of one prefix.
func many(prefix string, n int) []string {
	var list []string
	for i := range n {
		list = append(list, fmt.Sprintf("%s%03d-%s", prefix, i, strings.Repeat("x", 30)))
	}
	return list
}

func TestScopesThatFitAreTheOnesNeeded(t *testing.T) {
	need := []string{"queue:route:index.a", "queue:scheduler-id:verdict"}
	signed, instead, ok := fitted(need, []string{"queue:*", "queue:route:*"}, nil)
	if !ok || !slices.Equal(signed, need) || len(instead) > 0 {
		t.Errorf("signed with %v, instead %v, %t", signed, instead, ok)
	}
}

func TestTheNarrowestEntriesThatCoverTakeThePlaceOfTooManyScopes(t *testing.T) {
	need := append(many("queue:route:index.gfx.", 60), "queue:scheduler-id:verdict", "queue:create-task:low:gfx/ci")
	tests := []struct {
		name    string
		granted []string
		roles   map[string][]string
		signed  []string
		instead []string
	}{
		{"the narrowest", []string{"queue:*", "queue:route:*", "queue:route:index.gfx.*", "queue:scheduler-id:*"}, nil,
			[]string{"queue:scheduler-id:verdict", "queue:create-task:low:gfx/ci", "queue:route:index.gfx.*"}, []string{"queue:route:index.gfx.*"}},
		{"what covers one alone is left", []string{"queue:route:index.gfx.000*", "queue:route:index.*"}, nil,
			[]string{"queue:scheduler-id:verdict", "queue:create-task:low:gfx/ci", "queue:route:index.*"}, []string{"queue:route:index.*"}},
		{"a role", []string{"assume:project:gfx", "queue:scheduler-id:verdict"}, map[string][]string{"assume:project:gfx": {"queue:route:*"}},
			[]string{"queue:scheduler-id:verdict", "queue:create-task:low:gfx/ci", "assume:project:gfx"}, []string{"assume:project:gfx"}},
		{"prefixes before roles", []string{"assume:project:gfx", "queue:route:index.*"}, map[string][]string{"assume:project:gfx": {"queue:route:*"}},
			[]string{"queue:scheduler-id:verdict", "queue:create-task:low:gfx/ci", "queue:route:index.*"}, []string{"queue:route:index.*"}},
		{"none", many("queue:route:index.gfx.", 60), nil, nil, nil},
		{"one that covers something else", []string{"secrets:*"}, nil, nil, nil},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			signed, instead, ok := fitted(need, test.granted, test.roles)
			if ok != (test.signed != nil) || ok && (!slices.Equal(signed, test.signed) || !slices.Equal(instead, test.instead)) {
				t.Errorf("signed with %d scopes %v, instead %v, %t\nwant %v", len(signed), signed, instead, ok, test.signed)
			}
		})
	}
}

// What fits here is taken by the client, which refuses a header that services would refuse.
func TestWhatFitsIntoACertificateFitsIntoAHeader(t *testing.T) {
	creds := &taskcluster.Credentials{ClientID: "project/verdict/" + strings.Repeat("c", 84), AccessToken: "secret"}
	for n := 1; ; n++ {
		list := many("queue:route:index.gfx.", n)
		if !fits(list) {
			if n < 30 {
				t.Errorf("only %d scopes fit", n-1)
			}
			return
		}
		temporary, err := creds.ForCall(strings.Repeat("t", 60)+"/"+strings.Repeat("r", 60), list, time.Minute)
		if err != nil {
			t.Fatal(err)
		}
		req, err := http.NewRequest(http.MethodPut, "https://tc.example.org/api/queue/v1/task/fN1SbArXTPSVFNUvaOlinQ", nil)
		if err != nil {
			t.Fatal(err)
		}
		if err := temporary.SignRequest(req); err != nil {
			t.Fatalf("%d scopes: %v", n, err)
		}
	}
}
