package taskclustertest_test

import (
	"encoding/base64"
	"encoding/json"
	"io"
	"net/http"
	"regexp"
	"strings"
	"testing"
	"time"

	"verdict/taskcluster/taskclustertest"
)

const (
	rootToken = "root-token"
	botToken  = "bot-token"
)

var (
	asRoot = signer{id: "static/lab/root", key: rootToken}
	asBot  = signer{id: "static/lab/bot", key: botToken}
)

// named are credentials lab/r that the bot gave, with a certificate changed
// before it was signed.
func named(change func(*cert)) signer {
	c := newCert("static/lab/bot")
	if change != nil {
		change(&c)
	}
	return temporary(c, "lab/r", botToken)
}

func ms(d time.Duration) int64 { return d.Milliseconds() }

// authCall is how a recorded case was made: as somebody (nobody without an id),
// asking for currentScopes unless it says otherwise.
type authCall struct {
	as           signer
	method, path string
	body         string
	contentType  string
	also         signer // a header beside a bewit
}

const expand = "auth/v1/scopes/expand"

const anonymous = `{"scopes":["assume:anonymous"]}`

// newClient is a payload that creates a client.
func newClient(scopes string) string {
	return `{"expires":"` + time.Now().Add(time.Hour).UTC().Format("2006-01-02T15:04:05.000Z") + `","description":"x","scopes":` + scopes + `,"deleteOnExpiration":false}`
}

// authCalls are in the order in which they were recorded where it matters.
func authCalls() map[string]authCall {
	post := func(as signer, body string) authCall {
		return authCall{as: as, method: "POST", path: expand, body: body, contentType: "application/json"}
	}
	limited := func(scopes any) signer {
		s := asRoot
		s.ext = map[string]any{"authorizedScopes": scopes}
		return s
	}
	reordered := func() signer {
		s := named(func(c *cert) {
			c.Scopes = []string{"queue:create-task:project:none", "queue:scheduler-id:-"}
		})
		c := s.ext.(map[string]any)["certificate"].(cert)
		c.Scopes[0], c.Scopes[1] = c.Scopes[1], c.Scopes[0]
		return s
	}
	other := named(nil)
	other.id = "lab/other"
	unnamed := temporary(newCert(""), "static/lab/bot", botToken)
	self := temporary(newCert("static/lab/bot"), "static/lab/bot", botToken)
	url := named(nil)
	compact, err := json.Marshal(url.ext)
	if err != nil {
		panic(err)
	}
	url.ext = base64.RawURLEncoding.EncodeToString(compact)
	garbage := asBot
	garbage.ext = "!!!!"
	with := func(s signer, change func(*signer)) signer { change(&s); return s }
	bewit := func(s signer, ttl time.Duration) signer { s.bewit, s.ttl = true, ttl; return s }
	replayed := with(asRoot, func(s *signer) { s.nonce = "once" })
	onClient := func(as signer, method, rest, body string) authCall {
		return authCall{as: as, method: method, path: "auth/v1/clients/" + rest, body: body, contentType: "application/json"}
	}
	return map[string]authCall{
		"no auth":                           {},
		"unknown client":                    {as: signer{id: "no/such", key: "x"}},
		"wrong token":                       {as: signer{id: "static/lab/root", key: "x"}},
		"permanent root":                    {as: asRoot},
		"permanent bot":                     {as: asBot},
		"named ok by bot":                   {as: temporary(newCert("static/lab/bot"), "lab/run1", botToken)},
		"unnamed ok by bot":                 {as: unnamed},
		"named outside create-client scope": {as: temporary(newCert("static/lab/bot"), "other/run1", botToken)},
		"scopes superset of issuer":         {as: named(func(c *cert) { c.Scopes = []string{"queue:cancel-task:*"} })},
		"start +4min":                       {as: named(func(c *cert) { c.Start += ms(4 * time.Minute) })},
		"start +6min":                       {as: named(func(c *cert) { c.Start += ms(6 * time.Minute) })},
		"expired -4min":                     {as: named(func(c *cert) { c.Expiry = c.Start - ms(4*time.Minute); c.Start -= ms(time.Hour) })},
		"expired -6min":                     {as: named(func(c *cert) { c.Expiry = c.Start - ms(6*time.Minute); c.Start -= ms(time.Hour) })},
		"31 days exactly":                   {as: named(func(c *cert) { c.Expiry = c.Start + ms(31*24*time.Hour) })},
		"31 days + 1ms":                     {as: named(func(c *cert) { c.Expiry = c.Start + ms(31*24*time.Hour) + 1 })},
		"seed 43":                           {as: named(func(c *cert) { c.Seed = c.Seed[1:] })},
		"version 2":                         {as: named(func(c *cert) { c.Version = 2 })},
		"cert.clientId present":             {as: named(func(c *cert) { c.ClientID = "lab/r" })},
		"issuer == clientId":                {as: self},
		"wrong name used with cert":         {as: other},
		"scopes reordered after signing":    {as: reordered()},
		"ext garbage":                       {as: garbage},
		"ext base64url unpadded":            {as: url},
		"authorizedScopes []":               {as: limited([]string{})},
		"authorizedScopes subset":           {as: limited([]string{"a:b"})},
		"authorizedScopes invalid scope":    {as: limited([]string{"a\nb"})},
		"hawk ts -14min":                    {as: with(asRoot, func(s *signer) { s.ts = -14 * time.Minute })},
		"hawk ts -16min":                    {as: with(asRoot, func(s *signer) { s.ts = -16 * time.Minute })},
		"hawk ts +16min":                    {as: with(asRoot, func(s *signer) { s.ts = 16 * time.Minute })},
		"replayed nonce 1":                  {as: replayed},
		"replayed nonce 2":                  {as: replayed},
		"POST with good payload hash":       post(with(asRoot, func(s *signer) { s.hash = hashOf("application/json", anonymous) }), anonymous),
		"POST without hash":                 post(asRoot, anonymous),
		"POST with hash of other payload":   post(with(asRoot, func(s *signer) { s.hash = hashOf("application/json", `{"scopes":[]}`) }), anonymous),
		"POST with short hash":              post(with(asRoot, func(s *signer) { s.hash = "abc=" }), anonymous),
		"POST text/plain body":              {as: with(asRoot, func(s *signer) { s.hash = hashOf("text/plain", anonymous) }), method: "POST", path: expand, body: anonymous, contentType: "text/plain"},
		"POST json charset":                 {as: asRoot, method: "POST", path: expand, body: anonymous, contentType: "application/json; charset=utf-8"},
		"POST bad json":                     post(asRoot, "{bad"),
		"POST schema error":                 post(asRoot, `{"x":1}`),
		"bewit ok":                          {as: bewit(asRoot, time.Minute)},
		"bewit with temp creds":             {as: bewit(named(nil), time.Minute)},
		"bewit expired":                     {as: bewit(asRoot, -time.Minute)},
		"bewit + authorization":             {as: bewit(asRoot, time.Minute), also: asRoot},
		"bewit on POST":                     {as: bewit(asRoot, time.Minute), method: "POST", path: expand, body: anonymous, contentType: "application/json"},
		"404 path":                          {path: "auth/v1/nope"},
		"testAuthenticate tester": {as: signer{id: "tester", key: "no-secret"}, method: "POST", path: "auth/v1/test-authenticate",
			body: `{"clientScopes":["test:*"],"requiredScopes":["test:a"]}`, contentType: "application/json"},
		"unsatisfied param scope (bot creates client)": onClient(asBot, "PUT", "foo%2Fbar", newClient("[]")),
		"unauthenticated needing scopes":               onClient(signer{}, "PUT", "foo%2Fbar", newClient("[]")),
		"create client":                                onClient(asRoot, "PUT", "lab%2Ftmp", newClient(`["a:*"]`)),
		"client ok":                                    {as: signer{id: "lab/tmp"}},
		"disable":                                      onClient(asRoot, "POST", "lab%2Ftmp/disable", ""),
		"disabled client":                              {as: signer{id: "lab/tmp"}},
		"delete":                                       onClient(asRoot, "DELETE", "lab%2Ftmp", ""),
		"deleted client":                               {as: signer{id: "lab/tmp"}},
		"authenticateHawk direct":                      {method: "POST", path: "auth/v1/authenticate-hawk", contentType: "application/json"},
		"trace id echo":                                {},
	}
}

// TestCallersAreTreatedLikeTheRecordedOnes makes each recorded case once more.
// What a hash was computed to be isn't compared: the recorded payloads are gone.
func TestCallersAreTreatedLikeTheRecordedOnes(t *testing.T) {
	var recorded []struct {
		Name   string
		Status int
		Body   any
	}
	readSample(t, "auth-cases.json", &recorded)
	server, _ := start(t, taskclustertest.Config{})
	server.SetRole("anonymous")
	server.AddClient("static/lab/root", rootToken, "*")
	server.AddClient("static/lab/bot", botToken, "auth:create-client:lab/*", "auth:current-scopes", "queue:create-task:lowest:lab/*",
		"queue:create-task:project:none", "queue:route:bot.*", "queue:route:index.lab.*", "queue:scheduler-id:-", "queue:scheduler-id:bot-*")
	made := authCalls()
	token := ""
	for _, want := range recorded {
		call, known := made[want.Name]
		if !known {
			t.Errorf("the test doesn't know how to make %q", want.Name)
			continue
		}
		if call.as.id == "lab/tmp" {
			call.as.key = token
		}
		status, body := call.make(t, server.URL)
		object, _ := body.(map[string]any)
		if created, ok := object["accessToken"].(string); ok {
			token = created
		}
		if status != want.Status || told(body) != told(want.Body) {
			t.Errorf("%s: answered %d\n%s\nrecorded %d\n%s", want.Name, status, told(body), want.Status, told(want.Body))
		}
	}
}

var varying = regexp.MustCompile(`(payload hash: |incidentId )[^\n .]+`)

// told is what an answer says: its code and message where it is an error, its
// scopes where it lists them, else its form.
func told(body any) string {
	object, _ := body.(map[string]any)
	if object["code"] != nil {
		code, _ := object["code"].(string)
		words := varying.ReplaceAllString(sameWords(object["message"]), "$1…")
		if code == "MalformedPayload" {
			words, _, _ = strings.Cut(words, ":") // the parser's words follow
		}
		if first, rest, more := strings.Cut(words, "Errors:"); more {
			words = first + strings.SplitN(strings.TrimSpace(rest), "\n", 2)[0]
		}
		return code + " " + words
	}
	if len(object) == 1 && object["scopes"] != nil {
		text, err := json.Marshal(object)
		if err != nil {
			panic(err)
		}
		return string(text)
	}
	return form(body)
}

func (c authCall) make(t *testing.T, root string) (int, any) {
	t.Helper()
	if c.method == "" {
		c.method = http.MethodGet
	}
	if c.path == "" {
		c.path = "auth/v1/scopes/current"
	}
	if strings.HasSuffix(c.path, "authenticate-hawk") {
		c.body = hawkOf(t, root)
	}
	req, err := http.NewRequest(c.method, root+"/api/"+c.path, strings.NewReader(c.body))
	if err != nil {
		t.Fatal(err)
	}
	if c.contentType != "" {
		req.Header.Set("Content-Type", c.contentType)
	}
	for _, as := range []signer{c.as, c.also} {
		if as.id != "" {
			as.sign(t, req)
		}
	}
	resp, err := http.DefaultTransport.RoundTrip(req)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	text, err := io.ReadAll(resp.Body)
	if err != nil {
		t.Fatal(err)
	}
	var body any = ""
	if len(text) > 0 {
		if err := json.Unmarshal(text, &body); err != nil {
			t.Fatalf("%s: %v", text, err)
		}
	}
	return resp.StatusCode, body
}

// hawkOf is what a service asks auth about a request of root's.
func hawkOf(t *testing.T, root string) string {
	t.Helper()
	req, err := http.NewRequest(http.MethodGet, "http://example.com:80/some/path", nil)
	if err != nil {
		t.Fatal(err)
	}
	asRoot.sign(t, req)
	text, err := json.Marshal(map[string]any{
		"method": "get", "resource": "/some/path", "host": "example.com", "port": 80, "authorization": req.Header.Get("Authorization"),
	})
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}
