package store

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"sync"

	"github.com/klauspost/compress/s2"
)

// A bundle holds what the messages of one batch say that no rule looks at: most of what is heard. Their rows in
// events are short, and the messages, which are much alike, are compressed together and written at once. That is a
// third of what a row each costs, and a fifth of the space.

// bundleVersion says how bundles are written: fields, each with its length before it, compressed by s2.
const bundleVersion = 1

// maxBundle is how much a bundle may unpack to: a batch has at most 16 MB, and messages of 5 MB are taken.
const maxBundle = 64 << 20

// bundled says whether an event's row may be short. What a person looks for by it stays in the row.
func bundled(ev *Event) bool {
	return ev.State == EventUnmatched && ev.Change == "" && ev.Parent == "" && ev.Error == ""
}

// bundleFields are an event's that are kept in the bundle, in the order in which they stand there.
func bundleFields(ev *Event) [6]*string {
	return [6]*string{&ev.Source, &ev.Type, &ev.RoutingKey, &ev.Routes, &ev.GroupID, &ev.SetHash}
}

// bundle is what is being written: its events' places are set.
type bundle struct {
	events int
	packed []byte
	buffer *buffer
}

// newBundle packs those of a batch that may be; nil: none.
func newBundle(events []Event) *bundle {
	size, n := 0, 0
	for i := range events {
		if bundled(&events[i]) {
			size += len(events[i].Body) + 512
			n++
		}
	}
	if n == 0 {
		return nil
	}
	buf := buffers.Get().(*buffer)
	text := slices.Grow(buf.text[:0], size)
	n = 0
	for i := range events {
		if ev := &events[i]; bundled(ev) {
			ev.place = n
			text = packBundle(text, ev)
			n++
		}
	}
	buf.text, buf.packed = text, s2.Encode(buf.packed[:cap(buf.packed)], text)
	return &bundle{n, buf.packed, buf}
}

// buffers are kept for the next batch: they are what intake would leave most of behind.
var buffers = sync.Pool{New: func() any { return &buffer{} }}

type buffer struct{ text, packed []byte }

// mostKept is the size of a buffer that is kept: several times what an ordinary batch needs.
const mostKept = 2 << 20

// done ends the use of the bundle.
func (b *bundle) done() {
	if b != nil && cap(b.buffer.text) <= mostKept {
		buffers.Put(b.buffer)
	}
}

// bundleID is in the order of intake, and random enough for replicas: two of one id would be refused, and the batch
// tried again.
func bundleID(now int64) int64 { return firstBundle(now) | rand.Int64N(1<<bundleBits) }

const bundleBits = 22

// firstBundle is the least id of a bundle taken in at that time.
func firstBundle(ms int64) int64 { return ms << bundleBits }

func (t *tx) writeBundle(ctx context.Context, id int64, b *bundle) error {
	_, err := t.exec(ctx, "INSERT INTO bundles (id, events, version, body) VALUES ($1, $2, $3, $4)",
		id, b.events, bundleVersion, b.packed)
	if err != nil {
		return fmt.Errorf("store what %d events say: %w", b.events, err)
	}
	return nil
}

// packBundle appends an event to what will be a bundle.
func packBundle(dst []byte, ev *Event) []byte {
	for _, field := range bundleFields(ev) {
		dst = binary.AppendUvarint(dst, uint64(len(*field)))
		dst = append(dst, *field...)
	}
	dst = binary.AppendUvarint(dst, uint64(ev.BodyVersion))
	dst = binary.AppendUvarint(dst, uint64(len(ev.Body)))
	return append(dst, ev.Body...)
}

var errBundle = errors.New("the bundle is damaged")

// unpackBundle reads the events of a bundle; only what packBundle wrote is set.
func unpackBundle(version int, packed []byte) ([]Event, error) {
	if version != bundleVersion {
		return nil, fmt.Errorf("the bundle is of version %d, this release knows %d", version, bundleVersion)
	}
	if n, err := s2.DecodedLen(packed); err != nil || n > maxBundle {
		return nil, errBundle
	}
	text, err := s2.Decode(nil, packed)
	if err != nil {
		return nil, errBundle
	}
	var events []Event
	for len(text) > 0 {
		var ev Event
		var field []byte
		for _, into := range bundleFields(&ev) {
			if field, text, err = cutField(text); err != nil {
				return nil, err
			}
			*into = string(field)
		}
		v, n := binary.Uvarint(text)
		if n <= 0 || v > 1<<16 {
			return nil, errBundle
		}
		ev.BodyVersion = int(v)
		if ev.Body, text, err = cutField(text[n:]); err != nil {
			return nil, err
		}
		events = append(events, ev)
	}
	return events, nil
}

func cutField(text []byte) (field, rest []byte, err error) {
	size, n := binary.Uvarint(text)
	if n <= 0 || size > uint64(len(text)-n) {
		return nil, nil, errBundle
	}
	end := n + int(size)
	return text[n:end:end], text[end:], nil
}

// unbundle fills in what the bundles of short rows hold. A bundle that is gone, by its age, leaves them short.
func unbundle(ctx context.Context, q querier, events []Event) error {
	bundles := map[int64][]Event{}
	for i := range events {
		at := events[i].bundle
		if at == 0 {
			continue
		}
		inside, known := bundles[at]
		if !known {
			var err error
			if inside, err = readBundle(ctx, q, at); err != nil {
				return err
			}
			bundles[at] = inside
		}
		if place := events[i].place; place < len(inside) {
			events[i].fill(&inside[place])
		}
	}
	return nil
}

func (ev *Event) fill(from *Event) {
	into := bundleFields(ev)
	for n, field := range bundleFields(from) {
		*into[n] = *field
	}
	ev.BodyVersion, ev.Body = from.BodyVersion, from.Body
}

func readBundle(ctx context.Context, q querier, id int64) ([]Event, error) {
	type bundle struct {
		version int
		packed  []byte
	}
	b, ok, err := first(ctx, q, func(row scanner) (b bundle, err error) {
		err = row.Scan(&b.version, &b.packed)
		return b, err
	}, "SELECT version, body FROM bundles WHERE id = $1", id)
	if err != nil || !ok {
		return nil, err
	}
	events, err := unpackBundle(b.version, b.packed)
	if err != nil {
		return nil, fmt.Errorf("read bundle %d: %w", id, err)
	}
	return events, nil
}
