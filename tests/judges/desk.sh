#!/usr/bin/env bash
# The editor's desk in a real browser: opened, an issue edited, a mistake found and
# mended, a test sent, a build approved and mailed, paused, resumed, read. axe-core is
# asked of each page. Screenshots go to DESK_PICTURES, where that is set.
set -euo pipefail
here=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)
LETTERPRESS=$(realpath "${LETTERPRESS:-${CARGO_TARGET_DIR:-$here/target}/release/letterpress}")
"$here/.ci/install" chromium python3 python3-venv
command -v npm >/dev/null || "$here/.ci/install" npm

work=$(mktemp -d)
desk=
sink=
cleanup() {
  [[ -z $desk ]] || kill "$desk" 2>/dev/null || true
  [[ -z $sink ]] || kill "$sink" 2>/dev/null || true
  rm -rf "$work"
}
trap cleanup EXIT

tools=${DESK_TOOLS:-$work/tools}
mkdir -p "$tools"
if [[ ! -d $tools/node_modules/playwright-core ]]; then
  (cd "$tools" && npm install --silent --no-audit --no-fund playwright-core@1 axe-core@4 >/dev/null)
fi
if [[ ! -x $tools/venv/bin/python ]]; then
  python3 -m venv "$tools/venv"
  "$tools/venv/bin/pip" install --quiet aiosmtpd==1.4.6
fi

# A newsletter of the program's own making, with a list of 200 and a relay.
"$LETTERPRESS" -q init "$work/weekly" > /dev/null
cd "$work/weekly"
today=$(date -u +%F)
cat > issues/2-walk.md <<EOF
+++
title = "The second letter"
date = $today
number = 2
+++

A few links for the walk.

## 🦄 Articles

1. [The history of the printing press](https://en.wikipedia.org/wiki/Printing_press)

   What came before it, and what it changed.

2. [Movable type](https://en.wikipedia.org/wiki/Movable_type)

   Older than Gutenberg, by four hundred years.

## 🧰 Tools

1. [pandoc](https://pandoc.org/)

   From any markup to any other.
EOF
cat > list.csv <<EOF
email,name,status,joined_at
EOF
for number in $(seq 1 200); do
  printf 'reader-%03d@example.org,Reader %d,confirmed,2026-01-%02dT08:00:00Z\n' \
    "$number" "$number" $((number % 28 + 1)) >> list.csv
done
printf 'gone@example.org,Gone,unsubscribed,2026-01-02T08:00:00Z\n' >> list.csv
"$LETTERPRESS" -q subscribers import list.csv > /dev/null

"$tools/venv/bin/python" "$here/tests/judges/desk-relay.py" "$work/mail" > "$work/relay" &
sink=$!
for _ in $(seq 100); do [[ -s $work/relay ]] && break; sleep 0.1; done
cat >> config/letterpress.toml <<EOF

[smtp]
host = "127.0.0.1"
port = $(cat "$work/relay")
tls = "none"
connections = 2

[preview]
editor_url = "vscode://file/{path}:{line}:{column}"
EOF
"$LETTERPRESS" preview --port 0 > "$work/address" 2> "$work/desk.log" &
desk=$!
for _ in $(seq 100); do [[ -s $work/address ]] && break; sleep 0.1; done
[[ -s $work/address ]] || { cat "$work/desk.log" >&2; exit 1; }

pictures=${DESK_PICTURES:-$work/pictures}
mkdir -p "$pictures"
NODE_PATH=$tools/node_modules node "$here/tests/judges/desk.js" \
  "$(cat "$work/address")" "$work/weekly" "$work/mail" "$pictures"

# The mail that was shown is the mail that left, but for its date.
"$tools/venv/bin/python" "$here/tests/judges/desk-same.py" "$work/mail" "$work/weekly/shown.eml"

# The same as pages to be kept.
"$LETTERPRESS" -q preview --export "$work/pages" 2 > /dev/null
for page in index.html desk.css issues-2-walk/index.html issues-2-walk/raw.html; do
  [[ -s $work/pages/$page ]] || { echo "error: the export lacks $page" >&2; exit 1; }
done
echo "the desk was walked from one end to the other"
