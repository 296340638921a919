#!/usr/bin/env bash
# What a real mail server makes of a test message: Postfix on loopback takes it
# without TLS, by STARTTLS and by TLS from the start, with a login, and delivers
# it to a Maildir; then Python's mail parser reads it without forgiving anything.
# LETTERPRESS, or the first argument, names the program; by default
# target/release/letterpress. Wants root on Debian 12 or 13.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/../.."
program=$(realpath "${1:-${LETTERPRESS:-${CARGO_TARGET_DIR:-target}/release/letterpress}}")

.ci/install postfix sasl2-bin libsasl2-modules openssl python3

work=$(mktemp -d)
ended() {
  stop_postfix
  rm -rf "$work"
}
trap ended EXIT

mkdir -p "$work/site"
# shellcheck source=tests/judges/postfix-server.sh
. tests/judges/postfix-server.sh

tar --create config issues pages templates | tar --extract --directory="$work/site"

# deliver TLS PORT [NAME=VALUE…]: one test message, and what arrived of it.
deliver() {
  local tls=$1 port=$2
  rm -rf "$work/mail/inbox"
  env LETTERPRESS__SMTP__HOST=localhost LETTERPRESS__SMTP__PORT="$port" \
    LETTERPRESS__SMTP__TLS="$tls" LETTERPRESS__SMTP__CA_FILE="$work/ca.pem" "${@:3}" \
    "$program" -q -C "$work/site" send latest --test "Réader <reader+$tls@example.net>" || {
    tail -20 "$postfix/log" >&2
    echo "error: nothing was sent ($tls)" >&2
    return 1
  }
  for _ in {1..100}; do
    [[ -n $(ls "$work/mail/inbox/new" 2>/dev/null) ]] && break
    sleep 0.1
  done
  python3 - "$work/mail/inbox/new" "reader+$tls@example.net" "$tls" <<'END'
import email, email.policy, os, sys

folder, reader, tls = sys.argv[1:]
names = os.listdir(folder) if os.path.isdir(folder) else []
assert len(names) == 1, f"{len(names)} messages arrived"
raw = open(os.path.join(folder, names[0]), "rb").read()
assert raw.isascii(), "it is not 7-bit"
assert all(len(line) <= 998 for line in raw.split(b"\n")), "a line is too long"

# A Maildir holds lines ended by LF; every defect is an error.
policy = email.policy.SMTP.clone(raise_on_defect=True, linesep="\n")
message = email.message_from_bytes(raw, policy=policy)
for part in message.walk():
    assert not part.defects, part.defects
for name, value in message.items():
    if name.lower() != "received":
        assert not value.defects, (name, value.defects)

once = """From To Subject Date Message-ID MIME-Version Content-Type List-Id List-Unsubscribe
List-Unsubscribe-Post List-Archive List-Help Reply-To Feedback-ID Auto-Submitted""".split()
for name in once:
    assert len(message.get_all(name, [])) == 1, f"{name}: {message.get_all(name)}"
assert [(a.display_name, a.addr_spec) for a in message["To"].addresses] == [("Réader", reader)]
assert len(message["From"].addresses) == 1
assert message["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"
assert message["List-Unsubscribe"].startswith("<http"), message["List-Unsubscribe"]
assert "localhost" not in message["Message-ID"], message["Message-ID"]
assert message["Return-Path"] and message["Subject"].strip()

assert message.get_content_type() == "multipart/alternative", message.get_content_type()
kinds = [part.get_content_type() for part in message.iter_parts()]
assert kinds == ["text/plain", "text/html"], kinds
for part in message.iter_parts():
    assert part.get_content_charset() == "utf-8"
    text = part.get_content()
    assert text.strip() and "{{" not in text and "\ufffd" not in text
    body = part.get_payload().splitlines()
    assert all(len(line) <= 76 for line in body), "a line of a part is too long"

secured = [line for line in message.get_all("Received") if "TLS" in line or "ESMTPS" in line]
assert bool(secured) == (tls != "none"), message.get_all("Received")
print(f"{tls}: {len(raw)} octets, {message['Subject']}")
END
}

login=(LETTERPRESS__SMTP__USERNAME="$user" LETTERPRESS__SMTP__PASSWORD_FILE="$work/password")
deliver none "$open"
deliver starttls "$submission" "${login[@]}"
deliver implicit "$implicit" "${login[@]}"

# A wrong password, and a server nobody vouches for, leave nothing behind.
rm -rf "$work/mail/inbox"
printf wrong >"$work/wrong"
refused() {
  if env LETTERPRESS__SMTP__HOST=localhost "$@" \
    "$program" -q -C "$work/site" send latest --test reader@example.net >"$work/said" 2>&1; then
    echo "error: it was sent all the same: $*" >&2
    return 1
  fi
}
refused LETTERPRESS__SMTP__TLS=starttls LETTERPRESS__SMTP__PORT="$submission" \
  LETTERPRESS__SMTP__CA_FILE="$work/ca.pem" LETTERPRESS__SMTP__USERNAME="$user" \
  LETTERPRESS__SMTP__PASSWORD_FILE="$work/wrong"
grep -q 535 "$work/said" || { cat "$work/said" >&2; exit 1; }
refused LETTERPRESS__SMTP__TLS=implicit LETTERPRESS__SMTP__PORT="$implicit" "${login[@]}"
[[ ! -e $work/mail/inbox ]] || { echo "error: something arrived" >&2; exit 1; }

# An address that is not ASCII (RFC 6531): To alone is UTF-8, all else as before.
# What is strict about 7 bits knows nothing of SMTPUTF8.
postconf -c "$postfix" -e strict_7bit_headers=no strict_8bitmime=no
postfix -c "$postfix" reload >/dev/null 2>&1
rm -rf "$work/mail/inbox"
env LETTERPRESS__SMTP__HOST=localhost LETTERPRESS__SMTP__PORT="$open" LETTERPRESS__SMTP__TLS=none \
  "$program" -q -C "$work/site" send latest --test "Réader <réader@example.net>"
for _ in {1..100}; do
  [[ -n $(ls "$work/mail/inbox/new" 2>/dev/null) ]] && break
  sleep 0.1
done
python3 - "$work/mail/inbox/new" <<'END'
import email, email.policy, os, sys

folder = sys.argv[1]
names = os.listdir(folder) if os.path.isdir(folder) else []
assert len(names) == 1, f"{len(names)} messages arrived"
raw = open(os.path.join(folder, names[0]), "rb").read()
odd = [line for line in raw.split(b"\n") if not line.isascii()]
ours = [line for line in odd if line.startswith(b"To: ")]
assert len(ours) == 1 and all(b"for " in line or b"To: " in line for line in odd), odd
policy = email.policy.SMTPUTF8.clone(raise_on_defect=True, linesep="\n")
message = email.message_from_bytes(raw, policy=policy)
spelled = [a.addr_spec.encode("utf-8", "surrogateescape").decode() for a in message["To"].addresses]
assert spelled == ["réader@example.net"], spelled
assert any("UTF8SMTP" in line for line in message.get_all("Received")), message.get_all("Received")
END
echo "Postfix took what it should and nothing else"
