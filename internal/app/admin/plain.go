package admin

import (
	"errors"

	"verdict/internal/store"
)

// plainError is what an operator reads, with the meaning that callers ask for by errors.Is.
type plainError struct {
	text    string
	meaning error
}

// Error implements error.
func (e *plainError) Error() string { return e.text }

// Unwrap gives the meaning.
func (e *plainError) Unwrap() error { return e.meaning }

// absent says in an operator's words that the store doesn't have what was asked for, and leaves other errors as they are.
func absent(err error, text string) error {
	if errors.Is(err, store.ErrNotFound) {
		return &plainError{text: text, meaning: store.ErrNotFound}
	}
	return err
}
