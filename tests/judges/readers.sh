#!/usr/bin/env bash
# Readers' programs over HTTP: newsboat and rss2email fetch the sample's feeds from
# `serve` again, and are answered 304.
# LETTERPRESS names the program; by default target/release/letterpress.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/../.."
program=$(realpath "${LETTERPRESS:-${CARGO_TARGET_DIR:-target}/release/letterpress}")
.ci/install newsboat rss2email sqlite3 curl python3

work=$(mktemp -d)
server=
trap '[[ -z $server ]] || kill "$server" 2>/dev/null; rm -rf "$work"' EXIT
# shellcheck source=tests/judges/server.sh
source tests/judges/server.sh
start_server "$work"

# answered PATH STATUS: how often the log says so.
answered() { grep -c "path=$1 status=$2 " "$work/log" || true; }

# expect PATH STATUS COUNT WHO: the log is written beside the answers.
expect() {
  local try
  for try in $(seq 50); do
    [[ $(answered "$1" "$2") == "$3" ]] && return
    sleep 0.1
  done
  echo "error: $4 was answered $2 for $1 $(answered "$1" "$2") times, not $3" >&2
  cat "$work/log" >&2
  exit 1
}

export HOME=$work
echo "$url/feeds/rss.xml" >"$work/urls"
newsboat="newsboat --url-file=$work/urls --cache-file=$work/cache.db --config-file=/dev/null"
$newsboat --execute=reload
expect /feeds/rss.xml 200 1 newsboat
# It remembers a feed's validators from the second time on.
$newsboat --execute=reload
expect /feeds/rss.xml 200 2 newsboat
$newsboat --execute=reload
expect /feeds/rss.xml 304 1 newsboat
articles=$(sqlite3 "$work/cache.db" 'select count(*) from rss_item')
[[ $articles -ge 5 ]] || { echo "error: newsboat read $articles articles" >&2; exit 1; }

r2e="r2e --config $work/r2e.cfg --data $work/r2e.json"
$r2e new reader@example.org
$r2e add sample "$url/feeds/atom.xml"
$r2e run --no-send
expect /feeds/atom.xml 200 1 rss2email
$r2e run --no-send
expect /feeds/atom.xml 304 1 rss2email
echo "newsboat, rss2email: 200, then 304"
