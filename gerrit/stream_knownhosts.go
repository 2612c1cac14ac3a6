package gerrit

import (
	"crypto/ed25519"
	"errors"
	"fmt"
	"net"
	"slices"

	"golang.org/x/crypto/ssh"
	"golang.org/x/crypto/ssh/knownhosts"
)

// HostKeyError means that a server's SSH key isn't one that we know it by.
// Nothing was sent to it.
type HostKeyError struct {
	Addr, File string
	// Line is how the file would have the key that the server has.
	Line string
	// Known are the lines, as FILE:LINE, that have other keys of the server; none where it is
	// not in the file.
	Known []string
}

// Error says what to write where, and when.
func (e *HostKeyError) Error() string {
	if len(e.Known) == 0 {
		return fmt.Sprintf("gerrit: the host key of %s is not in %s; if its administrator says that this is its key, add the line: %s", e.Addr, e.File, e.Line)
	}
	return fmt.Sprintf("gerrit: the host key of %s has changed, or another server answers: %s has a different one; if its administrator says that this is its new key, write the line there: %s", e.Addr, e.Known[0], e.Line)
}

// hostKeys are the keys by which servers are known.
type hostKeys struct {
	file  string
	known ssh.HostKeyCallback
}

func readKnownHosts(file string) (hostKeys, error) {
	if file == "" {
		return hostKeys{}, errors.New("a known_hosts file is missing: without one the server can't be told from another")
	}
	known, err := knownhosts.New(file)
	if err != nil {
		return hostKeys{}, fmt.Errorf("known hosts: %w", err)
	}
	return hostKeys{file: file, known: known}, nil
}

// check is an ssh.HostKeyCallback.
func (k hostKeys) check(addr string, remote net.Addr, key ssh.PublicKey) error {
	err := k.known(addr, remote, key)
	refused, ok := errors.AsType[*knownhosts.KeyError](err)
	if !ok {
		return err
	}
	other := &HostKeyError{Addr: addr, File: k.file, Line: knownhosts.Line([]string{addr}, key)}
	for _, known := range refused.Want {
		other.Known = append(other.Known, fmt.Sprintf("%s:%d", known.Filename, known.Line))
	}
	return other
}

// algorithms are those of the keys by which a server is known, nil for one that
// isn't: otherwise it would show whichever of its keys comes first, and that
// may be one that the file doesn't have.
func (k hostKeys) algorithms(addr string) []string {
	nobody, err := ssh.NewPublicKey(make(ed25519.PublicKey, ed25519.PublicKeySize))
	if err != nil {
		return nil
	}
	refused, ok := errors.AsType[*knownhosts.KeyError](k.known(addr, &net.TCPAddr{IP: net.IPv4zero}, nobody))
	if !ok {
		return nil
	}
	var all []string
	for _, known := range refused.Want {
		names := []string{known.Key.Type()}
		if known.Key.Type() == ssh.KeyAlgoRSA {
			names = []string{ssh.KeyAlgoRSASHA512, ssh.KeyAlgoRSASHA256}
		}
		for _, name := range names {
			if !slices.Contains(all, name) {
				all = append(all, name)
			}
		}
	}
	return all
}
