#!/usr/bin/env bash
# What other programs make of our signatures: mails of the sample newsletter,
# signed with keys that `dkim generate` made, are verified by dkimpy (RSA and
# Ed25519) and by OpenDKIM (RSA), as they are and as they come out of a relay;
# and a mail that somebody changed is not.
# LETTERPRESS, or the first argument, names the program; by default
# target/release/letterpress. Wants root on Debian 12 or 13.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/../.."
program=$(realpath "${1:-${LETTERPRESS:-${CARGO_TARGET_DIR:-target}/release/letterpress}}")

.ci/install opendkim python3 python3-venv

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
chmod 755 "$work"
python3 -m venv "$work/venv"
"$work/venv/bin/pip" -q install dkimpy==1.1.8 pynacl==1.6.2 dnspython

mkdir "$work/site" "$work/mails"
tar --create config issues pages templates | tar --extract --directory="$work/site"
cd "$work/site"

# make NAME BITS [--ed25519]: keys, their records, and mails in all three forms.
make() {
  local name=$1 bits=$2 parts
  "$program" -q dkim generate --selector "$name" --rsa "$bits" "${@:3}" --json >"$work/$name.json"
  local settings=(LETTERPRESS__DKIM__SELECTOR="$name"
    LETTERPRESS__DKIM__KEY="$(cat "data/dkim-$name.pem")")
  [[ $# -lt 3 ]] || settings+=(LETTERPRESS__DKIM__ED25519_SELECTOR="$name-ed25519"
    LETTERPRESS__DKIM__ED25519_KEY_FILE="data/dkim-$name-ed25519.pem")
  for parts in both text html; do
    env "${settings[@]}" LETTERPRESS__MAIL__PARTS="$parts" \
      "$program" -q render latest --as eml >"$work/mails/$name-$parts.eml"
  done
  env "${settings[@]}" "$program" -q dkim show --json >"$work/shown.json"
  python3 - "$work/$name.json" "$work/shown.json" <<'END'
import json, sys
made, shown = (json.load(open(path)) for path in sys.argv[1:])
for key in made["keys"]:
    key.pop("file")
assert made["keys"] == shown["keys"], "dkim show and dkim generate differ"
END
}
make one 2048
make both 2048 --ed25519
make large 4096

"$work/venv/bin/python" -B "$OLDPWD/tests/judges/signatures.py" "$work"

# OpenDKIM reads the keys from a file in place of the DNS, and reports on standard
# output; it says nothing of Ed25519, so it gets the mails with one signature.
opendkim() {
  /usr/sbin/opendkim -x "$work/opendkim.conf" -vv -t "$1" 2>&1
}
cat >"$work/opendkim.conf" <<END
Mode v
Syslog no
TestPublicKeys $work/keys
END
for name in one large; do
  for parts in both text html; do
    mail=$work/mails/$name-$parts.eml
    opendkim "$mail" >"$work/said" || true
    grep -q 'verification (s=.*) succeeded' "$work/said" ||
      { cat "$work/said" >&2; echo "error: OpenDKIM does not verify $name-$parts.eml" >&2; exit 1; }
    sed 's/^Subject: /Subject: Not /' "$mail" >"$work/changed.eml"
    opendkim "$work/changed.eml" >"$work/said" || true
    if grep -q 'verification (s=.*) succeeded' "$work/said"; then
      echo "error: OpenDKIM verifies a changed $name-$parts.eml" >&2
      exit 1
    fi
  done
done
echo "dkimpy and OpenDKIM verify what they should and nothing else"
