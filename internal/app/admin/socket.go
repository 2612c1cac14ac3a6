package admin

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"syscall"
	"time"
)

// ErrInUse means that another bot answers on the socket.
var ErrInUse = errors.New("another bot answers there")

// Absent tells whether an error of Dial means that no bot runs: there is no socket, or a dead one.
func Absent(err error) bool {
	return errors.Is(err, fs.ErrNotExist) || errors.Is(err, syscall.ECONNREFUSED)
}

// Listen opens the socket for this user alone. A dead one in its place is replaced, a live one is ErrInUse.
func Listen(ctx context.Context, socket string) (net.Listener, error) {
	switch _, err := Dial(ctx, socket); {
	case err == nil:
		return nil, fmt.Errorf("admin socket %s: %w; stop it, or give this one another admin.socket", socket, ErrInUse)
	case !Absent(err):
		return nil, err
	}
	folder := filepath.Dir(socket)
	if err := os.MkdirAll(folder, 0o700); err != nil {
		return nil, fmt.Errorf("admin socket: %w; set admin.socket to a path that this user may write", err)
	}
	// It is made in a folder that nobody else may enter and moved into place, so that it is never open to others.
	hidden, err := os.MkdirTemp(folder, ".a")
	if err != nil {
		return nil, fmt.Errorf("admin socket: %w; set admin.socket to a path that this user may write", err)
	}
	defer os.RemoveAll(hidden)
	made := filepath.Join(hidden, "s")
	l, err := (&net.ListenConfig{}).Listen(ctx, "unix", made)
	if err != nil {
		return nil, fmt.Errorf("admin socket: %w", err)
	}
	l.(*net.UnixListener).SetUnlinkOnClose(false) // its name will be another one
	if err = os.Chmod(made, 0o600); err == nil {
		err = os.Rename(made, socket)
	}
	if err != nil {
		l.Close()
		return nil, fmt.Errorf("admin socket: %w", err)
	}
	return l, nil
}

// Serve answers on the listener until ctx ends, then finishes what it is at and removes the socket.
func Serve(ctx context.Context, l net.Listener, socket string, desk Admin) error {
	server := &http.Server{Handler: Handler(desk), ReadHeaderTimeout: 5 * time.Second}
	stopped := make(chan error, 1)
	stop := context.AfterFunc(ctx, func() {
		limit, cancel := context.WithTimeout(context.WithoutCancel(ctx), 5*time.Second)
		defer cancel()
		os.Remove(socket) // first: later it might be the next bot's
		stopped <- server.Shutdown(limit)
	})
	err := server.Serve(l)
	if stop() { // Serve ended by itself
		return fmt.Errorf("admin socket: %w", err)
	}
	if err := <-stopped; err != nil {
		return fmt.Errorf("admin socket: %w", err)
	}
	return nil
}
