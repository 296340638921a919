#!/usr/bin/env bash
# A reader walks through the public pages in a real browser: subscribes, confirms,
# reads, chooses, sees, moves, leaves, comes back. The mail is caught by a real
# SMTP server. On each page axe-core looks in light and dark, on a screen and on a
# phone; then the Nu Html Checker and HTML Tidy read all pages and mails.
# LETTERPRESS names the program; by default target/release/letterpress. Pictures
# stay in target/walk.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/../.."
root=$PWD
target=$(realpath "${CARGO_TARGET_DIR:-target}")
program=$(realpath "${LETTERPRESS:-$target/release/letterpress}")

.ci/install chromium tidy default-jre-headless python3 python3-venv fonts-noto-cjk
command -v npm >/dev/null || .ci/install npm

work=$(mktemp -d)
jobs=()
ended() {
  for job in "${jobs[@]}"; do kill "$job" 2>/dev/null || true; done
  wait 2>/dev/null || true
  rm -rf "$work"
}
trap ended EXIT

mkdir "$work/site"
tar --create config issues pages templates | tar --extract --directory="$work/site"
printf '\n[issues.sections.Tools]\noptional = true\n[issues.levels]\nunknown-section = "off"\n' \
  >>"$work/site/config/letterpress.toml"
(cd "$work" && npm install --silent --no-audit --no-fund --no-save --prefix "$work" \
  playwright-core axe-core vnu-jar >/dev/null)
python3 -m venv "$work/venv"
"$work/venv/bin/pip" -q --disable-pip-version-check install aiosmtpd

free_port() {
  python3 -c 'import socket; s = socket.socket(); s.bind(("127.0.0.1", 0)); print(s.getsockname()[1])'
}
port=$(free_port) mail=$(free_port)
export LETTERPRESS__NEWSLETTER__URL=http://127.0.0.1:$port/
export LETTERPRESS__SMTP__HOST=127.0.0.1 LETTERPRESS__SMTP__PORT=$mail LETTERPRESS__SMTP__TLS=none
export LETTERPRESS__SUBSCRIBE__ENABLED=true LETTERPRESS__SUBSCRIBE__WELCOME=issue

"$work/venv/bin/aiosmtpd" -n -c aiosmtpd.handlers.Mailbox "$work/mail" -l "127.0.0.1:$mail" \
  2>"$work/smtp.log" &
jobs+=($!)
mkdir "$work/site/data"
python3 -c 'import secrets; print(secrets.token_hex(32))' >"$work/site/data/server.key"
"$program" -q -C "$work/site" build
"$program" -q -C "$work/site" subscribers add first@example.net
for _ in {1..100}; do
  (exec 3<>"/dev/tcp/127.0.0.1/$mail") 2>/dev/null && break
  sleep 0.1
done
"$program" -q -C "$work/site" send latest --yes --yes-again --unsubscribe mailto >/dev/null
"$program" -q -C "$work/site" serve --listen "127.0.0.1:$port" 2>"$work/serve.log" &
jobs+=($!)
for _ in {1..100}; do
  (exec 3<>"/dev/tcp/127.0.0.1/$port") 2>/dev/null && break
  sleep 0.1
done

pictures=$target/walk
rm -rf "$pictures"
mkdir -p "$pictures" "$work/html"
cp tests/judges/walk.mjs "$work/walk.mjs"
node "$work/walk.mjs" "http://127.0.0.1:$port/" "$work/mail" "$pictures" "$work/html" || {
  tail -20 "$work/serve.log" >&2
  exit 1
}
"$program" -C "$work/site" subscribers show walker@example.org >"$work/shown"
grep -q '^status *confirmed$' "$work/shown" || { cat "$work/shown" >&2; exit 1; }
if grep -Ei 'walker|example\.(org|com|net)' "$work/serve.log"; then
  echo "error: the server's log has an address" >&2
  exit 1
fi

vnu=$(find "$work/node_modules/vnu-jar" -name vnu.jar | head -1)
[[ -n $vnu ]] || { echo "error: vnu-jar was not installed" >&2; exit 1; }
mapfile -t pages < <(find "$work/html" -name 'page-*.html' | sort)
[[ ${#pages[@]} -ge 15 ]] || { echo "error: only ${#pages[@]} pages were seen" >&2; exit 1; }
java -jar "$vnu" --errors-only --html "${pages[@]}"
java -jar "$vnu" --errors-only --html \
  --filterpattern '.*attribute on the .* element is obsolete.*' "$work"/html/mail-*.html
for page in "${pages[@]}" "$work"/html/mail-*.html; do
  code=0
  tidy -quiet -errors -utf8 --drop-empty-elements no --gnu-emacs yes "$page" 2>"$work/tidy" \
    >/dev/null || code=$?
  if [[ $code -ge 2 ]]; then
    sed "s#$work/##; s#$root/##" "$work/tidy" >&2
    exit 1
  fi
done
echo "walked: ${#pages[@]} pages, no findings"
