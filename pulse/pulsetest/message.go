package pulsetest

// message is what was published. Queues share it.
type message struct {
	exchange string
	key      string
	props    []byte // the content header from the property flags on, as published
	body     []byte
}

// size is about what a message takes in a queue.
func (m *message) size() int { return len(m.body) + len(m.props) + 100 }

// The flags of the properties, in the order in which their values follow.
const (
	hasContentType  = 1 << 15
	hasHeaders      = 1 << 13
	hasDeliveryMode = 1 << 12
	hasPriority     = 1 << 11
	hasTimestamp    = 1 << 6
)

// properties are those of a message's properties that anybody here asks for.
type properties struct {
	contentType string
	headers     map[string]any
}

// properties reads a content header from its flags on.
func (d *decoder) properties() properties {
	var p properties
	flags := d.uint16()
	if flags&1 != 0 {
		d.uint16() // more flags, which nobody defined
	}
	for bit := uint16(hasContentType); bit > 1; bit >>= 1 {
		if flags&bit == 0 {
			continue
		}
		switch bit {
		case hasContentType:
			p.contentType = d.shortstr()
		case hasHeaders:
			p.headers = d.table(0)
		case hasDeliveryMode, hasPriority:
			d.uint8()
		case hasTimestamp:
			d.uint64()
		default:
			d.shortstr()
		}
	}
	return p
}

// pulseProperties is the content header of a message as Taskcluster's services send them: JSON, persistent, with
// the header CC.
func pulseProperties(cc []string) []byte {
	var e encoder
	e.uint16(hasContentType | hasHeaders | hasDeliveryMode)
	e.shortstr("application/json")
	e.table(map[string]any{"CC": append([]string{}, cc...)})
	e.uint8(2)
	return e
}

// carbonCopies gives the further routing keys that the header CC names.
func (p properties) carbonCopies() []string {
	list, _ := p.headers["CC"].([]any)
	var keys []string
	for _, entry := range list {
		if key, ok := entry.(string); ok {
			keys = append(keys, key)
		}
	}
	return keys
}
