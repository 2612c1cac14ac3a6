package deliver

import (
	"encoding/json"
	"slices"
	"strings"
	"time"

	"verdict/taskcluster"
	"verdict/taskcluster/scopes"
)

// maxCertificate is how many bytes a certificate may have, so that the Authorization header, in which it is base64
// beside the client's id, the nonce and the signature, stays under the 4096 characters that services take.
const maxCertificate = 2500

// fitted gives the scopes to sign with: just what is needed, where that fits into a certificate. Else the narrowest
// entries of the grant that cover several of them, a prefix or a role, take their place one by one until it fits, and
// instead says which; ok is false where it never does. roles say what each role in the grant gives.
func fitted(need, granted []string, roles map[string][]string) (signed, instead []string, ok bool) {
	signed = need
	for _, entry := range wider(granted, roles) {
		if fits(signed) {
			break
		}
		gives := append([]string{entry}, roles[entry]...)
		var covered int
		rest := make([]string, 0, len(signed))
		for _, s := range signed {
			if scopes.Allows(gives, s) {
				covered += len(s)
				continue
			}
			rest = append(rest, s)
		}
		if covered > len(entry) {
			signed, instead = append(rest, entry), append(instead, entry)
		}
	}
	instead = slices.DeleteFunc(instead, func(entry string) bool { return !slices.Contains(signed, entry) })
	return signed, instead, fits(signed)
}

// wider are the entries of a grant that stand for several scopes, the narrowest first.
func wider(granted []string, roles map[string][]string) []string {
	var entries []string
	for _, entry := range granted {
		if strings.HasSuffix(entry, "*") || len(roles[entry]) > 0 {
			entries = append(entries, entry)
		}
	}
	slices.SortStableFunc(entries, func(a, b string) int { return narrowness(b, roles) - narrowness(a, roles) })
	return entries
}

// narrowness is the length of the shortest scope that an entry gives: a prefix allows more the shorter it is.
func narrowness(entry string, roles map[string][]string) int {
	narrow := len(entry)
	for i, given := range slices.DeleteFunc(slices.Clone(roles[entry]), func(s string) bool { return s == entry }) {
		if i == 0 || len(given) < narrow {
			narrow = len(given)
		}
	}
	return narrow
}

// fits says whether a certificate with these scopes is short enough, however long the client's id may be.
func fits(list []string) bool {
	now := time.Now()
	text, err := json.Marshal(taskcluster.Certificate{
		Version: 1, Scopes: list, Start: now.UnixMilli(), Expiry: now.UnixMilli(),
		Seed: strings.Repeat("s", 44), Signature: strings.Repeat("s", 44), Issuer: strings.Repeat("i", 100),
	})
	return err == nil && len(text) <= maxCertificate
}
