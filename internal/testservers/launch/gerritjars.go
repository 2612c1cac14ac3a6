package launch

import (
	"archive/zip"
	"context"
	"embed"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
)

//go:embed gerrit
var gerritFiles embed.FS

// gerritRelease is a Gerrit and the Java that runs it.
type gerritRelease struct {
	version string
	jdk     string // its folder
	major   int    // its version
}

// gerritForThisMachine chooses 3.13.5 where there is a Java of 21 or newer,
// else 3.10.2, the last line that runs on 17, which is Debian 12's.
func gerritForThisMachine() (gerritRelease, error) {
	compilers, err := filepath.Glob("/usr/lib/jvm/*/bin/javac")
	if err != nil {
		return gerritRelease{}, err
	}
	var best gerritRelease
	for _, javac := range compilers {
		jdk := filepath.Dir(filepath.Dir(javac))
		if major := javaMajor(jdk); major > best.major {
			best.jdk, best.major = jdk, major
		}
	}
	switch {
	case best.major >= 21:
		best.version = "3.13.5"
	case best.major >= 17:
		best.version = "3.10.2"
	default:
		return best, fmt.Errorf("no JDK of 17 or newer in /usr/lib/jvm")
	}
	return best, nil
}

// javaMajor reads the version of a JDK from its release file; 0 if it tells
// none.
func javaMajor(jdk string) int {
	data, err := os.ReadFile(filepath.Join(jdk, "release"))
	if err != nil {
		return 0
	}
	_, rest, _ := strings.Cut(string(data), `JAVA_VERSION="`)
	number, _, _ := strings.Cut(rest, ".")
	major, _ := strconv.Atoi(strings.TrimRight(number, "\"\n"))
	return major
}

// fetch gives the folder with the release's jars and the compiled launcher.
func (r gerritRelease) fetch(ctx context.Context) (dir string, err error) {
	pom, err := gerritFiles.ReadFile("gerrit/pom.xml")
	if err != nil {
		return "", err
	}
	launcher, err := gerritFiles.ReadFile("gerrit/Run.java")
	if err != nil {
		return "", err
	}
	name := fmt.Sprintf("gerrit-%s-jars-%s", r.version, fingerprint(string(pom), string(launcher)))
	return cached(name, func(dir string) error {
		if err := r.download(ctx, dir, pom); err != nil {
			return err
		}
		return r.compile(ctx, dir, launcher)
	})
}

// download gets the jars, but not what they depend on: they hold it already.
func (r gerritRelease) download(ctx context.Context, dir string, pom []byte) error {
	file := filepath.Join(dir, "pom.xml")
	if err := os.WriteFile(file, pom, 0o644); err != nil {
		return err
	}
	_, err := run(ctx, exec.Command("mvn", "-q", "-B", "-f", file, "-Dgerrit.version="+r.version,
		"org.apache.maven.plugins:maven-dependency-plugin:3.8.1:copy-dependencies",
		"-DexcludeTransitive=true", "-DoutputDirectory="+dir))
	return err
}

// compile makes launcher.jar: our class, and the resource by which Gerrit
// knows its version.
func (r gerritRelease) compile(ctx context.Context, dir string, launcher []byte) error {
	source := filepath.Join(dir, "Run.java")
	if err := os.WriteFile(source, launcher, 0o644); err != nil {
		return err
	}
	if _, err := run(ctx, exec.Command(filepath.Join(r.jdk, "bin/javac"), "--release", "17", "-d", dir, source)); err != nil {
		return err
	}
	class, err := os.ReadFile(filepath.Join(dir, "Run.class"))
	if err != nil {
		return err
	}
	f, err := os.Create(filepath.Join(dir, "launcher.jar"))
	if err != nil {
		return err
	}
	defer f.Close()
	jar := zip.NewWriter(f)
	for name, data := range map[string][]byte{
		"Run.class":                        class,
		"com/google/gerrit/common/Version": []byte("v" + r.version + "\n"),
	} {
		w, err := jar.Create(name)
		if err != nil {
			return err
		}
		if _, err := w.Write(data); err != nil {
			return err
		}
	}
	return jar.Close()
}

// command gives java's arguments up to the class: options for a small and
// quickly started server, and the class path.
func (r gerritRelease) command(jars string, jvm ...string) ([]string, error) {
	found, err := filepath.Glob(filepath.Join(jars, "*.jar"))
	if err != nil {
		return nil, err
	}
	args := []string{
		"-XX:+UseSerialGC", "-XX:TieredStopAtLevel=1", "-XX:-UsePerfData", "-Xlog:cds=off", "-Xlog:cds+dynamic=off",
		"-Djava.security.egd=file:/dev/./urandom",
		"-Dflogger.backend_factory=com.google.common.flogger.backend.log4j.Log4jBackendFactory#getInstance",
		"-Dflogger.logging_context=com.google.gerrit.server.logging.LoggingContext#getInstance",
	}
	if r.major >= 24 {
		args = append(args, "--sun-misc-unsafe-memory-access=allow", "--enable-native-access=ALL-UNNAMED", "-Xlog:aot=off")
	}
	args = append(args, jvm...)
	return append(args, "-cp", strings.Join(found, ":")), nil
}
