#!/usr/bin/env bash
# What other programs make of our mail: the newest issue of the sample and of each
# newsletter of the corpus, and all that is hard to set (specimen.md, specimen-ar.md),
# each as the signed message that a reader gets.
#
# - dkimpy and OpenDKIM verify the signatures, Python's strict parser finds no
#   defect, SpamAssassin's local rules next to nothing;
# - the text part holds what the HTML shows, in 72 columns, without HTML;
# - Nu Html Checker and Tidy find no error, the weight is within bounds;
# - chromium draws it at 600 and 375 pixels, light, dark, inverted and without
#   images (LETTERPRESS_PICTURES, by default target/mail-pictures); nothing is
#   wider than the window, with and without style sheets; axe finds no barrier.
#
# LETTERPRESS, or the first argument, names the program; by default
# target/release/letterpress. LETTERPRESS_CORPUS names the folder of the corpus.
# LETTERPRESS_MAILS is a pattern of the mails to look at, by default all.
# Wants root on Debian 12 or 13.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/../.."
root=$PWD
target=$(realpath -m "${CARGO_TARGET_DIR:-target}")
program=$(realpath "${1:-${LETTERPRESS:-$target/release/letterpress}}")
corpus=$(realpath "${LETTERPRESS_CORPUS:-../shared/corpus}")
pictures=$(realpath -m "${LETTERPRESS_PICTURES:-$target/mail-pictures}")
wanted=${LETTERPRESS_MAILS:-*}
[[ -d $corpus/expected ]] || { echo "error: no corpus in $corpus" >&2; exit 1; }

.ci/install chromium cmark-gfm default-jre-headless fonts-noto-cjk fonts-noto-color-emoji \
  opendkim python3 python3-venv spamassassin tidy
command -v npm >/dev/null || .ci/install npm

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
chmod 755 "$work"
mkdir "$work/mails" "$work/keys.d"

python3 -m venv "$work/venv"
"$work/venv/bin/pip" -q install dkimpy==1.1.8 pynacl==1.6.2 dnspython &
installing=$!
npm install --silent --no-audit --no-fund --no-save --prefix "$work/npm" \
  vnu-jar playwright-core@1 axe-core@4 >/dev/null

# mail NAME SITE ISSUE LANGUAGE: the message, its Markdown and what `check` says.
mail() {
  local name=$1 site=$2 issue=$3
  # shellcheck disable=SC2053 # a pattern is meant
  [[ $name == $wanted ]] || return 0
  "$program" -q -C "$site" render "$issue" --as eml >"$work/mails/$name.eml"
  "$program" -q -C "$site" render "$issue" --as markdown >"$work/mails/$name.md"
  "$program" -q -C "$site" check "$issue" --format json >"$work/mails/$name.findings" || true
}

# site NAME: a working folder around issues/ that are there already.
site() {
  local name=$1 site=$work/sites/$1
  mkdir -p "$site/config"
  cat >"$site/config/letterpress.toml" <<END
[newsletter]
title = "$name"
url = "https://weekly.example.org/"
from = "$name <editor@example.org>"
address = "$name, 12 Compositors' Row, 1000-001 Lisbon"
END
  keys "$site"
}

# keys SITE: the keys that sign its mails and links.
keys() {
  mkdir -p "$1/data"
  (umask 077; head -c 32 /dev/urandom | od -An -tx1 | tr -d ' \n' >"$1/data/server.key")
  cp "$work"/keys.d/*.pem "$1/data/"
}

export LETTERPRESS__DKIM__SELECTOR=both LETTERPRESS__DKIM__KEY_FILE=data/dkim-both.pem
export LETTERPRESS__DKIM__ED25519_SELECTOR=both-ed25519
export LETTERPRESS__DKIM__ED25519_KEY_FILE=data/dkim-both-ed25519.pem
mkdir -p "$work/sites/sample/data"
tar --create config issues pages templates | tar --extract --directory="$work/sites/sample"
"$program" -q -C "$work/sites/sample" dkim generate --selector both --rsa 2048 --ed25519 --json \
  >"$work/both.json"
cp "$work"/sites/sample/data/*.pem "$work/keys.d/"
keys "$work/sites/sample"
mail sample-en "$work/sites/sample" latest
mail sample-zh "$work/sites/sample" issues/zh/2026-02-27-weekly.md

for name in specimen specimen-ar; do
  mkdir -p "$work/sites/$name/issues"
  cp "tests/judges/$name.md" "$work/sites/$name/issues/2026-01-02-$name.md"
  site "$name"
  mail "$name" "$work/sites/$name" latest
done

for folder in "$corpus"/*/; do
  name=$(basename "$folder")
  [[ $name != expected ]] || continue
  mkdir -p "$work/sites/$name"
  cp -r "$folder" "$work/sites/$name/issues"
  site "$name"
  # Languages that lie beside each other are looked at one by one.
  parts=("")
  for language in en ja zh; do
    [[ ! -d $folder/$language ]] || parts+=("$language")
  done
  [[ ${#parts[@]} == 1 ]] || parts=("${parts[@]:1}")
  for part in "${parts[@]}"; do
    newest=$(cd "$folder/$part" && find . -name '*.m*' -type f | sort -V | tail -1)
    mail "$name${part:+-}$part" "$work/sites/$name" "issues/${part:+$part/}${newest#./}"
  done
done

wait "$installing"
"$work/venv/bin/python" -B "$root/tests/judges/mail.py" parts "$work"

/usr/sbin/opendkim -x <(printf 'Mode v\nSyslog no\nTestPublicKeys %s\n' "$work/keys") -v \
  -t "$(printf '%s,' "$work"/mails/*.eml | sed 's/,$//')" >"$work/opendkim" 2>&1 || true

# One start for all of them; a score for each rule, so that what speaks for us
# cannot make up for what speaks against.
printf 'add_header all Scores _TESTSSCORES(,)_\nuse_bayes 0\nfold_headers 0\n' >"$work/spam.cf"
(cd "$work/mails" && for eml in *.eml; do
  printf 'From %s Thu Jan  1 00:00:00 1970\n' "${eml%.eml}"
  printf 'X-Judge: %s\n' "${eml%.eml}"
  tr -d '\r' <"$eml" | sed 's/^From />From /'
  echo
done) >"$work/mbox"
spamassassin --local --mbox --prefspath="$work/spam.cf" <"$work/mbox" >"$work/judged.mbox"
"$work/venv/bin/python" -B "$root/tests/judges/mail.py" verdicts "$work"

vnu=$(find "$work/npm" -name vnu.jar | head -1)
[[ -n $vnu ]] || { echo "error: vnu-jar was not installed" >&2; exit 1; }
# A mail has presentational attributes for the programs that know no CSS.
java -jar "$vnu" --errors-only --html \
  --filterpattern '.*attribute on the .* element is obsolete.*' "$work"/mails/*.html ||
  { echo "error: the Nu Html Checker finds errors" >&2; exit 1; }
bad=0
for page in "$work"/mails/*.html; do
  code=0
  tidy -quiet -errors -utf8 --drop-empty-elements no --gnu-emacs yes "$page" 2>"$work/tidy" >/dev/null || code=$?
  [[ $code -lt 2 ]] || { sed "s#$work/##" "$work/tidy" >&2; bad=1; }
done
[[ $bad == 0 ]] || { echo "error: tidy finds errors" >&2; exit 1; }

rm -rf "$pictures"
mkdir -p "$pictures"
NODE_PATH=$work/npm/node_modules node "$root/tests/judges/mail.cjs" "$work/mails" "$pictures"
