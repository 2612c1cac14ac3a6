package launch

import (
	"context"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"time"

	"verdict/internal/testservers"
)

// rabbitBin has RabbitMQ's own scripts. The ones in /usr/sbin are Debian's:
// they change to the service's user and read the service's configuration.
const rabbitBin = "/usr/lib/rabbitmq/bin"

// startRabbitMQ starts a RabbitMQ with a node name, an epmd, ports and a data
// folder of its own. The administrator is guest:guest.
func startRabbitMQ(ctx context.Context, s *Servers) error {
	dir := filepath.Join(s.dir, "rabbitmq")
	if err := os.Mkdir(dir, 0o755); err != nil {
		return err
	}
	ports, err := freePorts(3)
	if err != nil {
		return err
	}
	amqp, dist, epmd := ports[0], ports[1], ports[2]
	env, err := rabbitEnv(dir, amqp, dist, epmd)
	if err != nil {
		return err
	}
	ctl := filepath.Join(dir, "rabbitmqctl")
	if err := os.WriteFile(ctl, rabbitCtl(env), 0o755); err != nil {
		return err
	}

	// Erlang would start an epmd by itself, which stays when the node is gone.
	mapper, err := s.start(program{
		Name: "epmd", Path: "/usr/bin/epmd", Args: []string{"-address", "127.0.0.1", "-port", fmt.Sprint(epmd)},
		Log: filepath.Join(dir, "epmd.log"), Stop: syscall.SIGKILL,
	})
	if err != nil {
		return err
	}
	if err := mapper.wait(ctx, answers(epmd, "\x00\x01n", "")); err != nil {
		return err
	}
	node, err := s.start(program{
		Name: "RabbitMQ", Path: rabbitBin + "/rabbitmq-server", Dir: dir, Env: append(os.Environ(), env...),
		Log: filepath.Join(dir, "node.log"), Stop: syscall.SIGTERM,
	})
	if err != nil {
		return err
	}
	if err := node.wait(ctx, answers(amqp, "AMQP\x00\x00\x09\x01", "\x01")); err != nil {
		return err
	}
	s.set(testservers.AMQPURL, fmt.Sprintf("amqp://127.0.0.1:%d", amqp))
	s.set(testservers.RabbitMQCtl, ctl)
	return nil
}

// rabbitEnv writes the node's configuration and gives the variables that keep
// everything of it within dir and on the loopback interface.
func rabbitEnv(dir string, amqp, dist, epmd int) ([]string, error) {
	files := map[string]string{
		"rabbitmq.conf":     fmt.Sprintf("listeners.tcp.1 = 127.0.0.1:%d\nlog.console = true\nlog.console.level = info\n", amqp),
		"rabbitmq-env.conf": "",
		"enabled_plugins":   "[].\n",
	}
	for name, text := range files {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o644); err != nil {
			return nil, err
		}
	}
	return []string{
		"HOME=" + dir, // for the cookie
		fmt.Sprintf("RABBITMQ_NODENAME=verdict%d@localhost", amqp),
		fmt.Sprintf("RABBITMQ_NODE_PORT=%d", amqp),
		"RABBITMQ_NODE_IP_ADDRESS=127.0.0.1",
		fmt.Sprintf("RABBITMQ_DIST_PORT=%d", dist),
		fmt.Sprintf("ERL_EPMD_PORT=%d", epmd),
		"ERL_EPMD_ADDRESS=127.0.0.1",
		"RABBITMQ_CONF_ENV_FILE=" + dir + "/rabbitmq-env.conf",
		"RABBITMQ_CONFIG_FILE=" + dir + "/rabbitmq.conf",
		"RABBITMQ_ENABLED_PLUGINS_FILE=" + dir + "/enabled_plugins",
		"RABBITMQ_MNESIA_BASE=" + dir + "/data",
		"RABBITMQ_LOG_BASE=" + dir + "/log",
		"RABBITMQ_LOGS=-",
		"RABBITMQ_SERVER_ADDITIONAL_ERL_ARGS=-kernel inet_dist_use_interface {127,0,0,1}",
		"RABBITMQ_CTL_DIST_PORT_MIN=0", // any: several rabbitmqctl run at once
		"RABBITMQ_CTL_DIST_PORT_MAX=0",
		"RUNNING_UNDER_SYSTEMD=1", // the script becomes the node, instead of a shell that waits for it
	}, nil
}

// rabbitCtl is a script that runs rabbitmqctl against this node.
func rabbitCtl(env []string) []byte {
	var b strings.Builder
	b.WriteString("#!/bin/sh\n")
	for _, e := range env {
		name, value, _ := strings.Cut(e, "=")
		fmt.Fprintf(&b, "export %s='%s'\n", name, value)
	}
	fmt.Fprintf(&b, "exec %s/rabbitmqctl \"$@\"\n", rabbitBin)
	return []byte(b.String())
}

// answers says whether a server on the port answers what is sent with
// something that begins so.
func answers(port int, send, begin string) func(context.Context) bool {
	return func(ctx context.Context) bool {
		conn, err := (&net.Dialer{Timeout: time.Second}).DialContext(ctx, "tcp", fmt.Sprintf("127.0.0.1:%d", port))
		if err != nil {
			return false
		}
		defer conn.Close()
		conn.SetDeadline(time.Now().Add(2 * time.Second))
		if _, err := conn.Write([]byte(send)); err != nil {
			return false
		}
		got := make([]byte, 1)
		n, _ := conn.Read(got)
		return n == 1 && strings.HasPrefix(string(got), begin)
	}
}
