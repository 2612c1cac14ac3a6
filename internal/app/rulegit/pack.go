package rulegit

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"io"

	"github.com/go-git/go-git/v5/plumbing/format/packfile"
	"github.com/go-git/go-git/v5/storage/memory"
)

// unpack gives the objects of a pack. Before anything is unpacked it is added up what that will take: a few bytes of a
// pack may stand for a gigabyte.
func unpack(pack []byte, most limits) (*memory.Storage, error) {
	if err := weigh(pack, most); err != nil {
		return nil, err
	}
	objects := memory.NewStorage()
	if err := packfile.UpdateObjectStorage(objects, bytes.NewReader(pack)); err != nil {
		return nil, fmt.Errorf("unpack the commit: %w", err)
	}
	return objects, nil
}

func weigh(pack []byte, most limits) error {
	scanner := packfile.NewScanner(bytes.NewReader(pack))
	_, n, err := scanner.Header()
	if err != nil {
		return fmt.Errorf("read the pack: %w", err)
	}
	if int64(n) > int64(most.objects) {
		return fmt.Errorf("the commit has %d files and folders; a repository of rules has fewer than %d", n, most.objects)
	}
	var total int64
	for range n {
		header, err := scanner.NextObjectHeader()
		if err != nil {
			return fmt.Errorf("read the pack: %w", err)
		}
		size := header.Length
		if header.Type.IsDelta() {
			if size, err = target(scanner); err != nil {
				return fmt.Errorf("read the pack: %w", err)
			}
			size += header.Length
		}
		if total += size; size < 0 || total < 0 || total > most.content {
			return fmt.Errorf("the commit takes more than %d MiB; a repository of rules has no large files, keep them out of it", most.content>>20)
		}
	}
	return nil
}

// target is the size of what a delta makes: the second number in it.
func target(scanner *packfile.Scanner) (int64, error) {
	delta, err := scanner.ReadObject()
	if err != nil {
		return 0, err
	}
	defer delta.Close()
	var head [2 * binary.MaxVarintLen64]byte
	n, err := io.ReadFull(delta, head[:])
	if err != nil && !errors.Is(err, io.ErrUnexpectedEOF) {
		return 0, err
	}
	if _, err := io.Copy(io.Discard, delta); err != nil { // bounded by the length in the header
		return 0, err
	}
	_, from := binary.Uvarint(head[:n])
	if from <= 0 {
		return 0, packfile.ErrMalformedPackFile
	}
	size, k := binary.Uvarint(head[from:n])
	if k <= 0 || size > 1<<40 {
		return 0, packfile.ErrMalformedPackFile
	}
	return int64(size), nil
}
