package taskcluster_test

import (
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"fmt"
	"io"
	"net/http"
	"runtime/debug"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"verdict/taskcluster"
)

// What a call made for somebody may cost: so many times what its header alone
// takes, and so many allocations.
const (
	maxCost        = 3.0
	maxAllocations = 60
)

var costed = struct {
	creds  *taskcluster.Credentials
	name   string
	scopes []string
}{
	&taskcluster.Credentials{ClientID: "project/verdict/prod", AccessToken: "NsTfEErcQZS8T-0ZDcVMkAdW6RaQfTSVW4nD1pyd9Rpg"},
	"gfx/shader-task",
	[]string{
		"queue:create-task:low:gfx/ci-linux", "queue:create-task:project:gfx",
		"queue:scheduler-id:verdict", "queue:route:index.gfx.v2.shader.latest",
	},
}

func costedRequest(tb testing.TB) *http.Request {
	req, err := http.NewRequest(http.MethodPut, "https://tc.example.org/api/queue/v1/task/FjpVeY1GSv2lhKxfx1kVAQ", nil)
	if err != nil {
		tb.Fatal(err)
	}
	return req
}

// signTemporary names, creates and signs, as is done for each call.
func signTemporary(tb testing.TB, req *http.Request) {
	creds, err := costed.creds.ForCall(costed.name, costed.scopes, 5*time.Minute)
	if err == nil {
		err = creds.SignRequest(req)
	}
	if err != nil {
		tb.Fatal(err)
	}
}

// signBare is the baseline: the one HMAC and the header with the same ext, made
// from nothing else.
func signBare(req *http.Request, ext string) {
	ts, nonce := strconv.FormatInt(time.Now().Unix(), 10), rand.Text()
	mac := hmac.New(sha256.New, []byte(costed.creds.AccessToken))
	io.WriteString(mac, strings.Join([]string{
		"hawk.1.header", ts, nonce, req.Method, req.URL.RequestURI(), req.URL.Host, "443", "", ext, "",
	}, "\n"))
	req.Header.Set("Authorization", fmt.Sprintf(`Hawk id="%s", mac="%s", ts="%s", nonce="%s", ext="%s"`,
		costed.creds.ClientID, base64.StdEncoding.EncodeToString(mac.Sum(nil)), ts, nonce, ext))
}

// cost is how many times as long as signBare signTemporary takes: the fastest of
// many short rounds of each, in turns, since what disturbs one of them at times
// disturbs none of the fastest.
func cost(tb testing.TB) float64 {
	req := costedRequest(tb)
	signTemporary(tb, req)
	_, ext, _ := strings.Cut(req.Header.Get("Authorization"), `ext="`)
	ext = strings.TrimSuffix(ext, `"`)
	const rounds, calls = 400, 50
	var bare, temporary []time.Duration
	for range rounds {
		begun := time.Now()
		for range calls {
			signBare(req, ext)
		}
		between := time.Now()
		for range calls {
			signTemporary(tb, req)
		}
		bare, temporary = append(bare, between.Sub(begun)), append(temporary, time.Since(between))
	}
	return float64(slices.Min(temporary)) / float64(slices.Min(bare))
}

// raceDetector reports whether this test was built with it. It slows down Go
// code and not the assembly below HMAC, so that times say nothing.
func raceDetector() bool {
	info, ok := debug.ReadBuildInfo()
	return ok && slices.Contains(info.Settings, debug.BuildSetting{Key: "-race", Value: "true"})
}

// With the race detector BenchmarkTemporaryCredentials alone compares times.
func TestTemporaryCredentialsCostLittleMoreThanASignature(t *testing.T) {
	req := costedRequest(t)
	if n := testing.AllocsPerRun(100, func() { signTemporary(t, req) }); n > maxAllocations {
		t.Errorf("%v allocations, at most %d are to be", n, maxAllocations)
	}
	if raceDetector() {
		return
	}
	if c := cost(t); c > maxCost {
		t.Errorf("%.2f times the HMAC and the header alone, at most %v are to be", c, maxCost)
	}
}

// BenchmarkTemporaryCredentials fails where they cost more than maxCost.
func BenchmarkTemporaryCredentials(b *testing.B) {
	c := cost(b)
	req := costedRequest(b)
	b.ReportAllocs()
	for b.Loop() {
		signTemporary(b, req)
	}
	b.ReportMetric(c, "times-bare")
	if c > maxCost {
		b.Errorf("%.2f times the HMAC and the header alone, at most %v are to be", c, maxCost)
	}
}

func BenchmarkSignRequest(b *testing.B) {
	req := costedRequest(b)
	b.ReportAllocs()
	for b.Loop() {
		if err := costed.creds.SignRequest(req); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkSignBare(b *testing.B) {
	req := costedRequest(b)
	b.ReportAllocs()
	for b.Loop() {
		signBare(req, strings.Repeat("x", 492))
	}
}
