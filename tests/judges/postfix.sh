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
postfix=$work/postfix
ended() {
  postfix -c "$postfix" stop >/dev/null 2>&1 || true
  rm -rf "$work"
}
trap ended EXIT

mkdir -p "$postfix"/{queue,data,sasl} "$work/mail" "$work/site"
chmod 755 "$work" "$postfix" "$postfix/sasl"
chown postfix "$postfix/data"
chown nobody:nogroup "$work/mail"

# An authority of our own and a certificate of the server: one that signs
# itself is no server's certificate.
openssl req -x509 -newkey rsa:2048 -nodes -days 2 -subj "/CN=authority of the test" \
  -keyout "$work/ca.key" -out "$work/ca.pem" 2>/dev/null
openssl req -newkey rsa:2048 -nodes -subj /CN=localhost -keyout "$work/key.pem" 2>/dev/null |
  openssl x509 -req -days 2 -CA "$work/ca.pem" -CAkey "$work/ca.key" -CAcreateserial \
    -extfile <(printf 'basicConstraints=CA:FALSE\nsubjectAltName=DNS:localhost,IP:127.0.0.1') \
    -out "$work/cert.pem" 2>/dev/null

user=editor@example.net
(umask 077; tr -dc a-z </dev/urandom | head -c 20 >"$work/password" || true)
saslpasswd2 -p -c -f "$postfix/sasl/users" -u example.net editor <"$work/password"
chown postfix "$postfix/sasl/users"
cat >"$postfix/sasl/smtpd.conf" <<END
pwcheck_method: auxprop
auxprop_plugin: sasldb
sasldb_path: $postfix/sasl/users
mech_list: PLAIN LOGIN
END

read -r open submission implicit < <(python3 - <<'END'
import socket
held = [socket.create_server(("127.0.0.1", 0)) for _ in range(3)]
print(*(one.getsockname()[1] for one in held))
END
)

cat >"$postfix/main.cf" <<END
compatibility_level = 3.6
queue_directory = $postfix/queue
data_directory = $postfix/data
daemon_directory = /usr/lib/postfix/sbin
command_directory = /usr/sbin
maillog_file = $postfix/log
maillog_file_prefixes = $postfix
myhostname = localhost
inet_interfaces = 127.0.0.1
inet_protocols = ipv4
mynetworks = 127.0.0.0/8
mydestination =
alias_maps =
alias_database =
recipient_delimiter = +
virtual_mailbox_domains = example.net
virtual_mailbox_base = $work/mail
virtual_mailbox_maps = static:inbox/
virtual_uid_maps = static:$(id -u nobody)
virtual_gid_maps = static:$(id -g nobody)
virtual_minimum_uid = 1
default_transport = discard
smtpd_relay_restrictions = permit_mynetworks, reject
smtpd_tls_cert_file = $work/cert.pem
smtpd_tls_key_file = $work/key.pem
smtpd_sasl_type = cyrus
smtpd_sasl_path = smtpd
cyrus_sasl_config_path = $postfix/sasl
# What is not 7-bit, and what pipelines without asking, is refused.
strict_7bit_headers = yes
strict_8bitmime = yes
strict_mime_encoding_domain = yes
strict_rfc821_envelopes = yes
smtpd_data_restrictions = reject_unauth_pipelining
END
cat >"$postfix/master.cf" <<END
127.0.0.1:$open inet n - n - - smtpd
127.0.0.1:$submission inet n - n - - smtpd
  -o smtpd_tls_security_level=encrypt
  -o smtpd_tls_auth_only=yes
  -o smtpd_sasl_auth_enable=yes
  -o smtpd_client_restrictions=permit_sasl_authenticated,reject
127.0.0.1:$implicit inet n - n - - smtpd
  -o smtpd_tls_wrappermode=yes
  -o smtpd_sasl_auth_enable=yes
  -o smtpd_client_restrictions=permit_sasl_authenticated,reject
cleanup unix n - n - 0 cleanup
qmgr unix n - n 300 1 qmgr
rewrite unix - - n - - trivial-rewrite
bounce unix - - n - 0 bounce
defer unix - - n - 0 bounce
trace unix - - n - 0 bounce
proxymap unix - - n - - proxymap
anvil unix - - n - 1 anvil
tlsmgr unix - - n 1000? 1 tlsmgr
discard unix - - n - - discard
error unix - - n - - error
retry unix - - n - - error
virtual unix - n n - - virtual
postlog unix-dgram n - n - 1 postlogd
END
postfix -c "$postfix" start >/dev/null 2>&1 </dev/null
for port in "$open" "$submission" "$implicit"; do
  for _ in {1..100}; do
    (exec 3<>"/dev/tcp/127.0.0.1/$port") 2>/dev/null && break
    sleep 0.1
  done
done

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
echo "Postfix took what it should and nothing else"
