#!/usr/bin/env bash
# The feeds of every real newsletter of the corpus, judged like those of the
# sample (feeds.sh). LETTERPRESS_CORPUS names the folder of the corpus,
# LETTERPRESS the program; by default target/release/letterpress.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/../.."
corpus=$(realpath "${LETTERPRESS_CORPUS:-../shared/corpus}")
program=$(realpath "${LETTERPRESS:-${CARGO_TARGET_DIR:-target}/release/letterpress}")
[[ -d $corpus/expected ]] || { echo "error: no corpus in $corpus" >&2; exit 1; }

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
count=0
for folder in "$corpus"/*/; do
  name=$(basename "$folder")
  [[ $name != expected ]] || continue
  site=$work/$name
  mkdir -p "$site/config"
  cp -r "$folder" "$site/issues"
  printf '[newsletter]\ntitle = "%s"\nurl = "https://%s.example.org/"\nauthor = "Editors"\n' \
    "$name" "$name" >"$site/config/letterpress.toml"
  "$program" -q -C "$site" --set feeds.entries=all build 2>"$work/log" ||
    { echo "error: $name cannot be built" >&2; tail -20 "$work/log" >&2; exit 1; }
  echo "$name"
  bash tests/judges/feeds.sh "$site/feeds"
  count=$((count + 1))
done
((count > 0)) || { echo "error: the corpus is empty" >&2; exit 1; }
echo "the feeds of $count newsletters are read"
