// Package clients compares verdict/gerrit with golang.org/x/build/gerrit, on a real server in one run: the time, the CPU
// and the memory of a query for many changes, and the connections that errors cost. It is nothing but tests, which
// `make test` runs by themselves, so that nothing else uses the machine, and without the race detector.
//
//	go run ./internal/testservers/cmd up --only gerrit -- go -C bench test -v ./clients
package clients
