package pulse_test

import (
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"math/big"
	"net"
	"strings"
	"testing"
	"time"

	"verdict/pulse"
	"verdict/pulse/pulsetest"
)

// authority makes a certificate authority and a server's certificate for 127.0.0.1.
func authority(t *testing.T) (*x509.CertPool, tls.Certificate) {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	template := func(name string, isCA bool) *x509.Certificate {
		return &x509.Certificate{
			SerialNumber: big.NewInt(time.Now().UnixNano()), Subject: pkix.Name{CommonName: name},
			NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(time.Hour),
			IsCA: isCA, BasicConstraintsValid: true, KeyUsage: x509.KeyUsageCertSign | x509.KeyUsageDigitalSignature,
			IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)},
		}
	}
	ca := template("private authority", true)
	der, err := x509.CreateCertificate(rand.Reader, template("broker", false), ca, &key.PublicKey, key)
	if err != nil {
		t.Fatal(err)
	}
	caDER, err := x509.CreateCertificate(rand.Reader, ca, ca, &key.PublicKey, key)
	if err != nil {
		t.Fatal(err)
	}
	root, err := x509.ParseCertificate(caDER)
	if err != nil {
		t.Fatal(err)
	}
	pool := x509.NewCertPool()
	pool.AddCert(root)
	return pool, tls.Certificate{Certificate: [][]byte{der}, PrivateKey: key}
}

// secured starts a broker behind TLS and gives a configuration for it.
func secured(t *testing.T) (*x509.CertPool, pulse.Config, chan pulse.Notice) {
	t.Helper()
	pool, cert := authority(t)
	broker, err := pulsetest.Start(pulsetest.Options{
		Users: map[string]string{"bot": "secret"}, TLS: &tls.Config{Certificates: []tls.Certificate{cert}},
	})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(broker.Close)
	notices := make(chan pulse.Notice, 100)
	return pool, pulse.Config{
		URL: broker.URL(), User: "bot", Queue: "queue/bot/q",
		Password: func() (string, error) { return "secret", nil },
		Handle:   func(context.Context, []pulse.Message) error { return nil },
		Notice:   func(n pulse.Notice) { notices <- n },
	}, notices
}

// first runs a consumer until its first notice.
func first(t *testing.T, cfg pulse.Config, notices chan pulse.Notice) pulse.Notice {
	t.Helper()
	c, err := pulse.New(cfg)
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	done := make(chan error)
	go func() { done <- c.Run(ctx) }()
	defer func() { cancel(); <-done }()
	select {
	case n := <-notices:
		return n
	case <-ctx.Done():
		t.Fatal("no notice")
		return pulse.Notice{}
	}
}

func TestConsumerTrustsPrivateAuthority(t *testing.T) {
	pool, cfg, notices := secured(t)
	cfg.TLS = &tls.Config{RootCAs: pool}
	if n := first(t, cfg, notices); n.Kind != pulse.Connected {
		t.Errorf("got %+v", n)
	}
	if cfg.TLS.ServerName != "" {
		t.Error("the caller's TLS configuration was changed")
	}
}

func TestConsumerRefusesUnknownAuthority(t *testing.T) {
	_, cfg, notices := secured(t)
	if n := first(t, cfg, notices); n.Kind != pulse.ConnectFailed || !strings.Contains(n.Err.Error(), "unknown authority") {
		t.Errorf("got %+v", n)
	}
}

func TestConsumerRefusesOtherName(t *testing.T) {
	pool, cfg, notices := secured(t)
	cfg.TLS = &tls.Config{RootCAs: pool, ServerName: "pulse.example.org"}
	if n := first(t, cfg, notices); n.Kind != pulse.ConnectFailed || !strings.Contains(n.Err.Error(), "start TLS with") {
		t.Errorf("got %+v", n)
	}
}

func TestConsumerGivesUpOnServerThatNeverSpeaks(t *testing.T) {
	// A server that takes the connection and is silent must not hold up the stop.
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer listener.Close()
	for _, scheme := range []string{"amqp://", "amqps://"} {
		c, err := pulse.New(pulse.Config{
			URL: scheme + listener.Addr().String(), User: "bot", Queue: "queue/bot/q",
			Password: func() (string, error) { return "secret", nil },
			Handle:   func(context.Context, []pulse.Message) error { return nil },
		})
		if err != nil {
			t.Fatal(err)
		}
		ctx, cancel := context.WithCancel(t.Context())
		done := make(chan error)
		go func() { done <- c.Run(ctx) }()
		conn, err := listener.Accept()
		if err != nil {
			t.Fatal(err)
		}
		begin := time.Now()
		cancel()
		<-done
		if took := time.Since(begin); took > 5*time.Second {
			t.Errorf("%s: stopping took %s", scheme, took)
		}
		conn.Close()
	}
}
