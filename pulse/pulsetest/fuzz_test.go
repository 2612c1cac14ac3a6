package pulsetest

import (
	"bytes"
	"io"
	"net"
	"slices"
	"strings"
	"sync"
	"testing"
)

// FuzzFrames reads arbitrary bytes as frames and their payloads as tables and properties.
func FuzzFrames(f *testing.F) {
	var e encoder
	e.method(1, queueDeclare, func() {
		e.uint16(0)
		e.shortstr("queue/bot/q")
		e.bits(false, true)
		e.table(map[string]any{"a": int64(1), "b": "x", "c": map[string]any{"d": true}, "e": []string{"f"}})
	})
	e.content(1, pulseProperties([]string{"route.a"}), []byte("body"), frameMin)
	f.Add([]byte(e))
	f.Add([]byte("\x01\x00\x01\xff\xff\xff\xff"))
	f.Fuzz(func(t *testing.T, data []byte) {
		r := frameReader{from: bytes.NewReader(data), buf: make([]byte, frameMax)}
		for {
			fr, err := r.next()
			if err != nil {
				return
			}
			d := decoder{rest: fr.payload}
			d.uint16()
			d.shortstr()
			d.bit()
			d.table(0)
			d = decoder{rest: fr.payload}
			d.properties().carbonCopies()
		}
	})
}

// FuzzTable checks that a table that was read is the same when it is written and read again, where this package
// can write it.
func FuzzTable(f *testing.F) {
	f.Add("route.a", "x-expires", int64(1), true)
	f.Fuzz(func(t *testing.T, text, name string, n int64, yes bool) {
		name = name[:min(len(name), 255)]
		var e encoder
		e.table(map[string]any{name: map[string]any{"s": text, "n": n, "b": yes, "l": []string{text, text}}})
		d := decoder{rest: e}
		got, _ := d.table(0)[name].(map[string]any)
		list, _ := got["l"].([]any)
		if d.err != nil || len(d.rest) != 0 || got["s"] != text || got["n"] != n || got["b"] != yes || !slices.Equal(list, []any{text, text}) {
			t.Errorf("got %v (%v), %d bytes left", got, d.err, len(d.rest))
		}
	})
}

// FuzzTopic compares the matcher with the definition.
func FuzzTopic(f *testing.F) {
	f.Add("a.#.b", "a.x.b")
	f.Add("#.*.#", "")
	f.Fuzz(func(t *testing.T, pattern, key string) {
		if len(pattern) > 20 || len(key) > 20 {
			t.Skip()
		}
		p, k := words(pattern), words(key)
		if got, want := topicMatches(p, k), defined(p, k); got != want {
			t.Errorf("pattern %q, key %q: got %t, want %t", pattern, key, got, want)
		}
	})
}

// defined is what the specification says, in the words of the specification.
func defined(pattern, key []string) bool {
	switch {
	case len(pattern) == 0:
		return len(key) == 0
	case pattern[0] == "#":
		return defined(pattern[1:], key) || len(key) > 0 && defined(pattern, key[1:])
	}
	return len(key) > 0 && (pattern[0] == "*" || pattern[0] == key[0]) && defined(pattern[1:], key[1:])
}

// said are the methods that FuzzConnection's client knows.
var said = []methodID{
	channelOpen, channelFlow, channelClose, channelCloseOK, exchangeDeclare, exchangeDelete, queueDeclare, queueBind,
	queuePurge, queueDelete, queueUnbind, basicQos, basicConsume, basicCancel, basicPublish, basicGet, basicAck,
	basicReject, basicNack, basicRecover, confirmSelect, connectionClose, connectionCloseOK, basicDeliver,
}

// script is a conversation in the form that FuzzConnection reads: for each frame what it is (an index of said, or
// from 200 on the kind of another frame), its channel, the length of its payload, the payload.
type script []byte

func (s *script) frame(what byte, channel byte, fill func(e *encoder)) {
	var e encoder
	fill(&e)
	*s = append(*s, what, channel, byte(len(e)))
	*s = append(*s, e...)
}

func (s *script) method(m methodID, fill func(e *encoder)) {
	s.frame(byte(slices.Index(said, m)), 1, fill)
}

// next takes a frame off the script.
func (s *script) next() (f frame, ok bool) {
	if len(*s) < 3 {
		return frame{}, false
	}
	what, channel, n := (*s)[0], uint16((*s)[1]%4), min(int((*s)[2]), len(*s)-3)
	payload := (*s)[3 : 3+n]
	*s = (*s)[3+n:]
	if what >= 200 {
		return frame{kind: what - 200, channel: channel, payload: payload}, true
	}
	var e encoder
	e.uint32(uint32(said[int(what)%len(said)]))
	return frame{kind: frameMethod, channel: channel, payload: append(e, payload...)}, true
}

// consuming is a conversation about a queue with messages.
func consuming() (s script) {
	named := func(name string) func(*encoder) {
		return func(e *encoder) { e.uint16(0); e.shortstr(name); e.bits(false); e.table(nil) }
	}
	s.method(channelOpen, func(e *encoder) { e.shortstr("") })
	s.method(queueDeclare, named("q"))
	s.method(basicQos, func(e *encoder) { e.uint32(0); e.uint16(2); e.bits(false) })
	for range 3 {
		s.method(basicPublish, func(e *encoder) { e.uint16(0); e.shortstr(""); e.shortstr("q"); e.bits(true) })
		s.frame(200+frameHeader, 1, func(e *encoder) {
			e.uint16(classBasic)
			e.uint16(0)
			e.uint64(5)
			*e = append(*e, pulseProperties([]string{"q", "r"})...)
		})
		s.frame(200+frameBody, 1, func(e *encoder) { *e = append(*e, "hello"...) })
	}
	s.method(basicConsume, func(e *encoder) { e.uint16(0); e.shortstr("q"); e.shortstr("t"); e.bits(false); e.table(nil) })
	s.method(basicAck, func(e *encoder) { e.uint64(1); e.bits(true) })
	s.method(basicNack, func(e *encoder) { e.uint64(2); e.bits(true, true) })
	s.method(basicReject, func(e *encoder) { e.uint64(3); e.bits(false) })
	s.method(basicGet, named("q"))
	s.method(basicRecover, func(e *encoder) { e.bits(true) })
	s.method(basicCancel, func(e *encoder) { e.shortstr("t"); e.bits(false) })
	s.method(queuePurge, named("q"))
	s.method(channelClose, func(e *encoder) { e.uint16(0); e.shortstr(""); e.uint32(0) })
	return s
}

// binding is a conversation about exchanges and bindings.
func binding() (s script) {
	bound := func(e *encoder) {
		e.uint16(0)
		e.shortstr("")
		e.shortstr("x")
		e.shortstr("#")
		e.bits(false)
		e.table(nil)
	}
	s.method(channelOpen, func(e *encoder) { e.shortstr("") })
	s.method(confirmSelect, func(e *encoder) { e.bits(false) })
	s.method(exchangeDeclare, func(e *encoder) {
		e.uint16(0)
		e.shortstr("x")
		e.shortstr("topic")
		e.bits(false)
		e.table(nil)
	})
	s.method(queueDeclare, func(e *encoder) { e.uint16(0); e.shortstr(""); e.bits(false, false, true, true); e.table(nil) })
	s.method(queueBind, bound)
	s.method(channelFlow, func(e *encoder) { e.bits(false) })
	s.method(queueUnbind, bound)
	s.method(queueDelete, func(e *encoder) { e.uint16(0); e.shortstr(""); e.bits(true, true) })
	s.method(exchangeDelete, func(e *encoder) { e.uint16(0); e.shortstr("x"); e.bits(false) })
	s.method(connectionClose, func(e *encoder) { e.uint16(0); e.shortstr(""); e.uint32(0) })
	return s
}

// FuzzConnection lets a logged-in client say anything in any order. The broker must not panic, its counts must
// stay right, and when the client is gone nothing may be left in its hands.
func FuzzConnection(f *testing.F) {
	f.Add([]byte(consuming()))
	f.Add([]byte(binding()))
	f.Add([]byte(append(consuming(), consuming()...)))
	f.Fuzz(func(t *testing.T, data []byte) {
		b := &Broker{
			opts: Options{Vhost: "/", MaxBytes: 1 << 20, QueueLimit: 100}, users: map[string]*user{},
			exchanges: map[string]*exchange{"": {kind: "direct"}, "e": {name: "e", kind: "topic"}},
			queues:    map[string]*queue{}, conns: map[*conn]bool{},
		}
		b.changed = sync.NewCond(&b.mu)
		b.addUser("u", "p", ".*", ".*", ".*")
		mine, theirs := net.Pipe()
		defer mine.Close()
		defer theirs.Close()
		c := newConn(b, mine)
		c.user, c.phase = b.users["u"], open
		b.conns[c] = true
		for s := script(data); ; {
			fr, ok := s.next()
			if !ok || c.take(fr) != nil {
				break
			}
			checkCounts(t, b)
			c.out = c.out[:0]
		}
		c.end()
		checkCounts(t, b)
		for name, q := range b.queues {
			if q.unacked != 0 || len(q.consumers) != 0 {
				t.Errorf("queue %q: %d unacknowledged and %d consumers are left", name, q.unacked, len(q.consumers))
			}
		}
	})
}

// checkCounts holds what queues count to what there is.
func checkCounts(t *testing.T, b *Broker) {
	t.Helper()
	unacked := make(map[*queue]int)
	for c := range b.conns {
		for _, ch := range c.channels {
			for _, d := range ch.unacked {
				unacked[d.queue]++
			}
		}
	}
	for name, q := range b.queues {
		size := 0
		for _, e := range q.ready[q.head:] {
			size += e.size()
		}
		if q.unacked != unacked[q] {
			t.Fatalf("queue %q counts %d unacknowledged, and has %d", name, q.unacked, unacked[q])
		}
		if q.unacked == 0 && q.bytes != size {
			t.Fatalf("queue %q counts %d bytes, and has %d", name, q.bytes, size)
		}
	}
}

// FuzzHandshake sends arbitrary bytes to a broker from the first byte on. It must hang up or wait, and go on
// serving others.
func FuzzHandshake(f *testing.F) {
	b, err := Start(Options{})
	if err != nil {
		f.Fatal(err)
	}
	f.Cleanup(b.Close)
	f.Add([]byte("GET / HTTP/1.1\r\n\r\n"))
	f.Add([]byte(protocolHeader + "\x01\x00\x00\x00\x00\x00\x04\x00\x0a\x00\x0b\xce"))
	f.Add([]byte(protocolHeader + strings.Repeat("\x08\x00\x00\x00\x00\x00\x00\xce", 3)))
	f.Fuzz(func(t *testing.T, data []byte) {
		socket, err := net.Dial("tcp", strings.TrimPrefix(b.URL(), "amqp://"))
		if err != nil {
			t.Fatal(err)
		}
		defer socket.Close()
		socket.Write(data)
		socket.(*net.TCPConn).CloseWrite()
		io.Copy(io.Discard, socket)
		c, err := Connect(b.URL(), "guest", "guest")
		if err != nil {
			t.Fatal(err)
		}
		c.Drop()
	})
}
