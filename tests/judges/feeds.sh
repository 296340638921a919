#!/usr/bin/env bash
# What readers' programs make of the feeds: feedparser, sfeed, newsboat and
# rss2email read each of them, and must find the entries that the feed's own
# feed.json lists, with nothing to complain of. Nothing comes from the network.
#
# feeds.sh [FOLDER]: the folder that holds feed.json (others below it are judged
# too); without one, the feeds of the sample are built.
# LETTERPRESS names the program; by default target/release/letterpress.
set -euo pipefail
given=${1:+$(realpath "$1")}
cd "$(dirname "${BASH_SOURCE[0]}")/../.."
.ci/install newsboat sfeed rss2email python3-feedparser sqlite3 libxml2-utils

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
if [[ -z $given ]]; then
  program=$(realpath "${LETTERPRESS:-${CARGO_TARGET_DIR:-target}/release/letterpress}")
  mkdir "$work/site"
  tar --create config issues pages templates | tar --extract --directory="$work/site"
  # So few entries that there are older ones, and feeds of every kind.
  export LETTERPRESS__FEEDS__ENTRIES=3 LETTERPRESS__FEEDS__ARCHIVE_ENTRIES=2
  cat >>"$work/site/config/letterpress.toml" <<'SECTIONS'

[issues.sections.Articles]
[issues.sections."文章"]
SECTIONS
  "$program" -q -C "$work/site" build
  given=$work/site/feeds
fi
[[ -s $given/feed.json ]] || { echo "error: no feed.json in $given" >&2; exit 1; }

find "$given" -name '*.xml' -o -name '*.opml' | while read -r document; do
  xmllint --noout --nonet "$document" || { echo "error: $document is not well-formed" >&2; exit 1; }
done
# The readers' Python modules belong to Debian's own interpreter.
HOME=$work /usr/bin/python3 -I tests/judges/feeds.py "$given" "$work"
