# Two commands to begin with: `make demo` shows the bot at work, `make test` checks all of it.

.PHONY: help demo test build bench generate

help: ## what can be made
	@sed -n 's/^\([a-z]*\):.*## /\1	/p' Makefile

demo: ## the whole bot with a scripted team, on stand-ins for Gerrit, Taskcluster and pulse; needs Go only
	go run ./cmd/bot demo

# The program takes the recipe's place, so that a signal to make reaches it and it stops its servers.
test: ## every check, on real servers, which it installs (as root on Debian), starts and stops
	@go build -o bin/checks ./internal/testservers/cmd && exec bin/checks test

build: ## bin/bot
	CGO_ENABLED=0 go build -trimpath -o bin/bot ./cmd/bot

bench: ## the bot's throughput and memory beside a bare consumer's
	cd bench && go run .

REFERENCES ?= ../shared/reference

generate: ## taskcluster/api, from the references in $(REFERENCES)
	go run ./taskcluster/codegenerator -today $(REFERENCES)/references.json -past $(REFERENCES)/references-2018.json -out taskcluster/api
