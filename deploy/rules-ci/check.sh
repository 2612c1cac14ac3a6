#!/bin/sh
# Checks and tests the rules of this repository. It needs bot, and neither secrets nor servers.
#
#   ./check.sh [TEAM]       # of one team, or of all
#
# It expects the teams' folders below rules/, and teams.yaml beside that folder. BOT and RULES say otherwise.
set -eu

bot=${BOT:-bot}
rules=${RULES:-rules}
path=$rules${1:+/$1}

"$bot" check "$path"
if "$bot" fmt --help >/dev/null 2>&1; then # earlier releases have no bot fmt
	"$bot" fmt --check "$path"
fi
"$bot" test --coverage --junit "${REPORT:-rules-tests.xml}" "$path"
