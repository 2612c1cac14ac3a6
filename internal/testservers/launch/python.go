package launch

import (
	"context"
	"os/exec"
	"path/filepath"

	"verdict/internal/testservers"
)

// requirements are implementations of Taskcluster's credentials and of Hawk
// that aren't ours.
var requirements = []string{"taskcluster==113.2.0", "mohawk==1.1.0"}

// startPython prepares a Python environment with the requirements.
func startPython(ctx context.Context, s *Servers) error {
	version, err := run(ctx, exec.Command("python3", "-c", "import sys; print(sys.executable, sys.version)"))
	if err != nil {
		return err
	}
	dir, err := cached("python-"+fingerprint(append(requirements, version)...), func(dir string) error {
		if _, err := run(ctx, exec.Command("python3", "-m", "venv", dir)); err != nil {
			return err
		}
		// Not by venv's own pip: its script names the folder before it is renamed.
		install := append([]string{"-m", "pip", "install", "-q", "--disable-pip-version-check"}, requirements...)
		_, err := run(ctx, exec.Command(filepath.Join(dir, "bin/python3"), install...))
		return err
	})
	if err != nil {
		return err
	}
	s.set(testservers.PythonPath, filepath.Join(dir, "bin/python3"))
	return nil
}
