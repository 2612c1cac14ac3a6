package launch

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"os/exec"
	"runtime"
	"sync"
	"syscall"
	"time"
)

// process is a server that this program started and must end.
type process struct {
	name string
	cmd  *exec.Cmd
	log  string
	stop syscall.Signal
	done chan struct{} // closed when it has ended
}

// program says what to start. Its output goes to the file Log; Stop is the
// signal that ends it in order, and which the kernel sends it when this
// program dies without having been able to.
type program struct {
	Name string
	Path string
	Args []string
	Dir  string
	Env  []string
	User *syscall.Credential // nil: as this program
	Log  string
	Stop syscall.Signal
}

// start runs p in a process group of its own, so that Ctrl-C at the terminal
// reaches the tests first and the servers are stopped after them.
func start(p program) (*process, error) {
	log, err := os.OpenFile(p.Log, os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o644)
	if err != nil {
		return nil, err
	}
	defer log.Close()
	cmd := exec.Command(p.Path, p.Args...)
	cmd.Dir, cmd.Env, cmd.Stdout, cmd.Stderr = p.Dir, p.Env, log, log
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true, Pdeathsig: p.Stop, Credential: p.User}
	if err := startOnLastingThread(cmd); err != nil {
		return nil, fmt.Errorf("start %s: %w", p.Name, err)
	}
	proc := &process{name: p.Name, cmd: cmd, log: p.Log, stop: p.Stop, done: make(chan struct{})}
	go func() {
		cmd.Wait() // its status is of no interest: an early end is told by the log
		close(proc.done)
	}()
	return proc, nil
}

// startOnLastingThread starts cmd from one thread that lives as long as this
// program: Linux sends a child its death signal when the thread that started
// it ends, not the process.
func startOnLastingThread(cmd *exec.Cmd) error {
	started := make(chan error)
	lastingThread() <- func() { started <- cmd.Start() }
	return <-started
}

var lastingThread = sync.OnceValue(func() chan<- func() {
	work := make(chan func())
	go func() {
		runtime.LockOSThread()
		for f := range work {
			f()
		}
	}()
	return work
})

// wait returns when ready says so, or with an error and the end of the log
// when the process has ended before, or ctx has.
func (p *process) wait(ctx context.Context, ready func(context.Context) bool) error {
	tick := time.NewTicker(50 * time.Millisecond)
	defer tick.Stop()
	for !ready(ctx) {
		select {
		case <-p.done:
			return fmt.Errorf("%s ended before it was ready: %s\n%s", p.name, p.cmd.ProcessState, tail(p.log))
		case <-ctx.Done():
			return fmt.Errorf("%s was not ready: %w\n%s", p.name, ctx.Err(), tail(p.log))
		case <-tick.C:
		}
	}
	return nil
}

// end asks the process to stop, and kills its whole group if it hasn't within
// the given time, or has left children behind.
func (p *process) end(within time.Duration) {
	p.cmd.Process.Signal(p.stop)
	select {
	case <-p.done:
	case <-time.After(within):
	}
	syscall.Kill(-p.cmd.Process.Pid, syscall.SIGKILL)
	<-p.done
}

// tail gives the last lines of a log.
func tail(file string) string {
	data, err := os.ReadFile(file)
	if err != nil {
		return err.Error()
	}
	lines := bytes.Split(bytes.TrimSpace(data), []byte("\n"))
	return string(bytes.Join(lines[max(0, len(lines)-30):], []byte("\n")))
}

// freePorts gives n different TCP ports of the loopback interface that nobody
// listens on.
func freePorts(n int) ([]int, error) {
	var ports []int
	for range n {
		l, err := net.Listen("tcp", "127.0.0.1:0")
		if err != nil {
			return nil, fmt.Errorf("find a free port: %w", err)
		}
		defer l.Close() // kept to the end, so that no port comes twice
		ports = append(ports, l.Addr().(*net.TCPAddr).Port)
	}
	return ports, nil
}

// run runs a command to its end and gives what it printed; the error has it
// too.
func run(ctx context.Context, cmd *exec.Cmd) (string, error) {
	var out bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &out
	if cmd.SysProcAttr == nil {
		cmd.SysProcAttr = &syscall.SysProcAttr{}
	}
	cmd.SysProcAttr.Setpgid = true
	if err := cmd.Start(); err != nil {
		return "", err
	}
	stop := context.AfterFunc(ctx, func() { syscall.Kill(-cmd.Process.Pid, syscall.SIGKILL) })
	defer stop()
	if err := cmd.Wait(); err != nil {
		return out.String(), fmt.Errorf("%s: %w\n%s", cmd, errors.Join(err, ctx.Err()), out.String())
	}
	return out.String(), nil
}
