package pulsetest

import (
	"encoding/binary"
	"errors"
	"fmt"
	"math"
)

// errShort is a field that goes beyond its frame.
var errShort = errors.New("a field goes beyond the end of its frame")

// decoder reads AMQP's primitives from a frame's payload. After the first error it gives zero values; err tells.
type decoder struct {
	rest []byte
	err  error
	bits byte // what is left of the octet that bits are read from
	left int  // how many bits that is
}

// take gives the next n bytes, which belong to the payload.
func (d *decoder) take(n int) []byte {
	d.left = 0
	if d.err == nil && n > len(d.rest) {
		d.err = errShort
	}
	if d.err != nil {
		return nil
	}
	b := d.rest[:n]
	d.rest = d.rest[n:]
	return b
}

func (d *decoder) uint8() uint8 {
	if b := d.take(1); b != nil {
		return b[0]
	}
	return 0
}

func (d *decoder) uint16() uint16 {
	if b := d.take(2); b != nil {
		return binary.BigEndian.Uint16(b)
	}
	return 0
}

func (d *decoder) uint32() uint32 {
	if b := d.take(4); b != nil {
		return binary.BigEndian.Uint32(b)
	}
	return 0
}

func (d *decoder) uint64() uint64 {
	if b := d.take(8); b != nil {
		return binary.BigEndian.Uint64(b)
	}
	return 0
}

func (d *decoder) shortstr() string { return string(d.take(int(d.uint8()))) }

func (d *decoder) longstr() []byte {
	n := d.uint32()
	if n > math.MaxInt32 {
		d.err = errShort
	}
	return d.take(int(n))
}

// bit reads one flag; flags that follow each other share an octet, lowest bit first.
func (d *decoder) bit() bool {
	if d.left == 0 {
		b := d.uint8()
		d.bits, d.left = b, 8
	}
	set := d.bits&1 == 1
	d.bits >>= 1
	d.left--
	return set
}

// encoder appends AMQP's primitives.
type encoder []byte

func (e *encoder) uint8(v uint8)   { *e = append(*e, v) }
func (e *encoder) uint16(v uint16) { *e = binary.BigEndian.AppendUint16(*e, v) }
func (e *encoder) uint32(v uint32) { *e = binary.BigEndian.AppendUint32(*e, v) }
func (e *encoder) uint64(v uint64) { *e = binary.BigEndian.AppendUint64(*e, v) }

// shortstr appends a string of at most 255 bytes; what is longer is cut.
func (e *encoder) shortstr(s string) {
	s = s[:min(len(s), math.MaxUint8)]
	e.uint8(uint8(len(s)))
	*e = append(*e, s...)
}

func (e *encoder) longstr(s string) {
	e.uint32(uint32(len(s)))
	*e = append(*e, s...)
}

// bits appends flags as one octet, the first in the lowest bit.
func (e *encoder) bits(flags ...bool) {
	var b byte
	for i, set := range flags {
		if set {
			b |= 1 << i
		}
	}
	e.uint8(b)
}

// measured appends what fill appends, behind its length.
func (e *encoder) measured(fill func()) {
	at := len(*e)
	e.uint32(0)
	fill()
	binary.BigEndian.PutUint32((*e)[at:], uint32(len(*e)-at-4))
}

// maxDepth is how deep tables and lists may be nested in each other.
const maxDepth = 16

// table reads a field table. Numbers come as int64 or float64.
func (d *decoder) table(depth int) map[string]any {
	inner := decoder{rest: d.longstr(), err: d.err}
	table := make(map[string]any)
	for inner.err == nil && len(inner.rest) > 0 {
		name := inner.shortstr()
		table[name] = inner.value(depth)
	}
	d.err = inner.err
	return table
}

func (d *decoder) list(depth int) []any {
	inner := decoder{rest: d.longstr(), err: d.err}
	var list []any
	for inner.err == nil && len(inner.rest) > 0 {
		list = append(list, inner.value(depth))
	}
	d.err = inner.err
	return list
}

// value reads a value with its type, by the letters that RabbitMQ uses, which aren't quite the specification's.
func (d *decoder) value(depth int) any {
	if depth >= maxDepth {
		d.err = errors.New("tables are nested too deep")
		return nil
	}
	switch kind := d.uint8(); kind {
	case 't':
		return d.uint8() != 0
	case 'b':
		return int64(int8(d.uint8()))
	case 'B':
		return int64(d.uint8())
	case 's':
		return int64(int16(d.uint16()))
	case 'u':
		return int64(d.uint16())
	case 'I':
		return int64(int32(d.uint32()))
	case 'i':
		return int64(d.uint32())
	case 'l', 'T':
		return int64(d.uint64())
	case 'f':
		return float64(math.Float32frombits(d.uint32()))
	case 'd':
		return math.Float64frombits(d.uint64())
	case 'D':
		scale := d.uint8()
		return float64(int32(d.uint32())) / math.Pow10(int(scale))
	case 'S', 'x':
		return string(d.longstr())
	case 'A':
		return d.list(depth + 1)
	case 'F':
		return d.table(depth + 1)
	case 'V':
		return nil
	default:
		if d.err == nil {
			d.err = fmt.Errorf("a table has a value of the unknown type %q", kind)
		}
		return nil
	}
}

// table appends a field table. It knows the types that this package sends.
func (e *encoder) table(table map[string]any) {
	e.measured(func() {
		for name, value := range table {
			e.shortstr(name)
			e.value(value)
		}
	})
}

func (e *encoder) value(value any) {
	switch v := value.(type) {
	case string:
		e.uint8('S')
		e.longstr(v)
	case bool:
		e.uint8('t')
		e.bits(v)
	case int64:
		e.uint8('l')
		e.uint64(uint64(v))
	case map[string]any:
		e.uint8('F')
		e.table(v)
	case []string:
		e.uint8('A')
		e.measured(func() {
			for _, s := range v {
				e.value(s)
			}
		})
	default:
		e.uint8('V')
	}
}
