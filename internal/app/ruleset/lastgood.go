package ruleset

import (
	"bytes"
	"compress/gzip"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"
	"sync"

	"verdict/internal/store"
	"verdict/rules"
)

// bundle is files by path, as the store keeps them.
type bundle map[string][]byte

// teamsKey is under what teams.yaml is kept among the teams' files: no team is called that.
const teamsKey = "/teams.yaml"

// kept are the last good files of each team, and of teams.yaml.
func (l *Loader) kept(ctx context.Context) (map[string]bundle, error) {
	rows, err := l.Store.TeamFiles(ctx)
	if err != nil {
		return nil, err
	}
	out := make(map[string]bundle, len(rows))
	for _, row := range rows {
		b, err := unpack(row.Body)
		if err != nil {
			l.Log.Error().Err(err).Str("team", row.Team).Msg("the last good rules can't be read")
			continue
		}
		out[row.Team] = b
	}
	return out, nil
}

// parts are the whole set, and what of it is good for later.
func (in *sources) parts(set *rules.Set) (whole bundle, good map[string]bundle) {
	whole, good = bundle{teamsKey: in.teams}, map[string]bundle{teamsKey: {teamsKey: in.goodTeams}}
	if in.roles != nil {
		whole[rolesKey], good[teamsKey][rolesKey] = in.roles, in.roles
	}
	if in.before != nil {
		whole[beforeKey] = in.before
	}
	for _, team := range set.TeamNames() {
		maps.Copy(whole, set.TeamFiles(team))
	}
	for _, team := range in.fresh.TeamNames() {
		if files := in.fresh.TeamFiles(team); files != nil {
			good[team] = files
		}
	}
	return whole, good
}

// rowsOf is how the store keeps each team's last good files.
func rowsOf(good map[string]bundle) ([]store.TeamFiles, error) {
	var rows []store.TeamFiles
	for team, files := range good {
		row := store.TeamFiles{Team: team, Hash: files.hash()}
		var err error
		if row.Body, err = pack(files); err != nil {
			return nil, err
		}
		rows = append(rows, row)
	}
	return rows, nil
}

// withLastGood gives the files with those of the broken teams replaced by what was good last. A team that never had
// a good version has none then.
func withLastGood(files map[string][]byte, teams *rules.Teams, broken map[string][]rules.Diagnostic, kept map[string]bundle) map[string][]byte {
	mixed := maps.Clone(files)
	for team := range broken {
		folder := team + "/"
		if t, ok := teams.Team(team); ok {
			folder = t.Folder
		}
		maps.DeleteFunc(mixed, func(name string, _ []byte) bool { return strings.HasPrefix(name, folder) })
		for name, data := range kept[team] {
			if strings.HasPrefix(name, folder) {
				mixed[name] = data
			}
		}
	}
	return mixed
}

// hasFilesOf tells whether any team that still exists had rules.
func hasFilesOf(kept map[string]bundle, teams *rules.Teams) bool {
	for _, t := range teams.All() {
		if len(kept[t.Name]) > 0 {
			return true
		}
	}
	return false
}

func (b bundle) hash() string {
	sum := sha256.New()
	for _, name := range slices.Sorted(maps.Keys(b)) {
		fmt.Fprintf(sum, "%q %d\n", name, len(b[name]))
		sum.Write(b[name])
	}
	return hex.EncodeToString(sum.Sum(nil))
}

// zips are used again: each takes a megabyte, and a large set has hundreds of teams.
var zips = sync.Pool{New: func() any { return gzip.NewWriter(nil) }}

// pack is the stored form of a bundle: JSON, compressed.
func pack(b bundle) ([]byte, error) {
	var out bytes.Buffer
	zip := zips.Get().(*gzip.Writer)
	defer zips.Put(zip)
	zip.Reset(&out)
	text := []byte{'{'}
	for i, name := range slices.Sorted(maps.Keys(b)) { // one file after the other: a whole set is large
		entry, err := json.Marshal(bundle{name: b[name]})
		if err != nil {
			return nil, fmt.Errorf("pack rule files: %w", err)
		}
		if i > 0 {
			text = append(text, ',')
		}
		text = append(text, entry[1:len(entry)-1]...)
		if _, err := zip.Write(text); err != nil {
			return nil, fmt.Errorf("pack rule files: %w", err)
		}
		text = text[:0]
	}
	if _, err := zip.Write(append(text, '}')); err != nil {
		return nil, fmt.Errorf("pack rule files: %w", err)
	}
	if err := zip.Close(); err != nil {
		return nil, fmt.Errorf("pack rule files: %w", err)
	}
	return out.Bytes(), nil
}

// maxUnpacked bounds what a stored bundle may grow to.
const maxUnpacked = 1 << 30

func unpack(body []byte) (bundle, error) {
	zip, err := gzip.NewReader(bytes.NewReader(body))
	if err != nil {
		return nil, fmt.Errorf("unpack rule files: %w", err)
	}
	var b bundle
	if err := json.NewDecoder(io.LimitReader(zip, maxUnpacked)).Decode(&b); err != nil {
		return nil, fmt.Errorf("unpack rule files: %w", err)
	}
	return b, nil
}
