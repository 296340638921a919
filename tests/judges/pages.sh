#!/usr/bin/env bash
# What HTML checkers say about the sample's pages and mail: the Nu Html Checker
# (the npm package vnu-jar, in a folder of its own) and HTML Tidy; and what axe-core
# says in Debian's chromium about pages that `serve` answers, light and dark, wide
# and narrow.
# LETTERPRESS names the program; by default target/release/letterpress.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/../.."
root=$PWD
program=$(realpath "${LETTERPRESS:-${CARGO_TARGET_DIR:-target}/release/letterpress}")

.ci/install tidy default-jre-headless chromium curl python3
command -v npm >/dev/null || .ci/install npm

work=$(mktemp -d)
server=
trap '[[ -z $server ]] || kill "$server" 2>/dev/null; rm -rf "$work"' EXIT
# Pages of every kind.
export LETTERPRESS__ISSUES__SEASON_LENGTH=4
# shellcheck source=tests/judges/server.sh
source tests/judges/server.sh
start_server "$work"
"$program" -q -C "$work/site" render latest --as email-html >"$work/mail-en.html"
"$program" -q -C "$work/site" render issues/zh/2026-02-27-weekly.md --as email-html >"$work/mail-zh.html"
mapfile -t pages < <(find "$work/site/public" -name '*.html' | sort)
curl --silent "$url/unsubscribe/none" >"$work/answer.html"
pages+=("$work/answer.html")
[[ ${#pages[@]} -ge 12 ]] || { echo "error: only ${#pages[@]} pages were built" >&2; exit 1; }

(cd "$work" && npm install --silent --no-audit --no-fund --no-save --prefix "$work" \
  vnu-jar playwright-core axe-core >/dev/null)
vnu=$(find "$work/node_modules/vnu-jar" -name vnu.jar | head -1)
[[ -n $vnu ]] || { echo "error: vnu-jar was not installed" >&2; exit 1; }

echo "Nu Html Checker: ${#pages[@]} pages"
java -jar "$vnu" --errors-only --html "${pages[@]}"
# A mail has presentational attributes for the programs that know no CSS.
echo "Nu Html Checker: mail"
java -jar "$vnu" --errors-only --html \
  --filterpattern '.*attribute on the .* element is obsolete.*' \
  "$work"/mail-*.html

bad=0
for page in "${pages[@]}" "$work"/mail-*.html; do
  code=0
  tidy -quiet -errors -utf8 --drop-empty-elements no --gnu-emacs yes "$page" 2>"$work/tidy" >/dev/null || code=$?
  if [[ $code -ge 2 ]]; then
    sed "s#$work/##; s#$root/##" "$work/tidy" >&2
    bad=1
  fi
done
[[ $bad == 0 ]] || { echo "error: tidy finds errors" >&2; exit 1; }
echo "HTML Tidy: no errors"

issue=$(cd "$work/site/public" && find issues -name index.html | sort | tail -1)
chinese=$(cd "$work/site/public" && find zh/issues issues -path '*zh*' -name index.html 2>/dev/null | sort | tail -1)
page=$(cd "$work/site/pages" && find . -name '*.md' | sort | head -1 | sed 's#^./##; s#\.md$##')
addresses=("$url/" "$url/zh/" "$url/${issue%index.html}" "$url/${chinese%index.html}" "$url/seasons/1/"
  "$url/$page/" "$url/feeds/" "$url/unsubscribe/none" "$url/nothing")
(cd "$work" && node "$root/tests/judges/axe.mjs" "${addresses[@]}")
