package pulsetest

import (
	"encoding/binary"
	"errors"
	"fmt"
	"io"
)

// The kinds of frames, and the octet that ends each.
const (
	frameMethod    = 1
	frameHeader    = 2
	frameBody      = 3
	frameHeartbeat = 8
	frameEnd       = 0xCE
)

const (
	frameOverhead = 8         // what a frame has around its payload
	frameMax      = 128 << 10 // the largest frame that we send or take
	frameMin      = 4 << 10   // the smallest limit that a client may ask for
)

// protocolHeader is what a client says first.
const protocolHeader = "AMQP\x00\x00\x09\x01"

// frame is one frame. Its payload is valid until the next one is read.
type frame struct {
	kind    byte
	channel uint16
	payload []byte
}

// errFrame is something that isn't a frame.
var errFrame = errors.New("not a frame")

// frameReader reads frames into one buffer.
type frameReader struct {
	from io.Reader
	buf  []byte
}

// next reads a frame of at most frameMax bytes.
func (r *frameReader) next() (frame, error) {
	var head [7]byte
	if _, err := io.ReadFull(r.from, head[:]); err != nil {
		return frame{}, err
	}
	size := binary.BigEndian.Uint32(head[3:])
	if size > frameMax-frameOverhead {
		return frame{}, fmt.Errorf("%w: %d bytes are more than %d", errFrame, size, frameMax)
	}
	if r.buf == nil {
		r.buf = make([]byte, frameMax)
	}
	payload := r.buf[:size+1]
	if _, err := io.ReadFull(r.from, payload); err != nil {
		return frame{}, err
	}
	if payload[size] != frameEnd {
		return frame{}, fmt.Errorf("%w: it ends in %#x", errFrame, payload[size])
	}
	return frame{kind: head[0], channel: binary.BigEndian.Uint16(head[1:]), payload: payload[:size]}, nil
}

// frame appends a frame whose payload fill appends.
func (e *encoder) frame(kind byte, channel uint16, fill func()) {
	e.uint8(kind)
	e.uint16(channel)
	e.measured(fill)
	e.uint8(frameEnd)
}

// method appends a method's frame; fill appends the arguments and may be nil.
func (e *encoder) method(channel uint16, m methodID, fill func()) {
	e.frame(frameMethod, channel, func() {
		e.uint32(uint32(m))
		if fill != nil {
			fill()
		}
	})
}

// content appends the frames of a message's properties and body, none longer than limit.
func (e *encoder) content(channel uint16, props, body []byte, limit int) {
	e.frame(frameHeader, channel, func() {
		e.uint16(classBasic)
		e.uint16(0)
		e.uint64(uint64(len(body)))
		*e = append(*e, props...)
	})
	for part := limit - frameOverhead; len(body) > 0; {
		n := min(len(body), part)
		e.frame(frameBody, channel, func() { *e = append(*e, body[:n]...) })
		body = body[n:]
	}
}
