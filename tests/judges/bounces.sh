#!/usr/bin/env bash
# The way back with a real mail server: Postfix takes a message for a mailbox
# that does not exist, returns it to the envelope sender, and letterpress reads
# the Maildir in which the report arrives; then the reader of another message
# leaves by writing to the address in List-Unsubscribe. LETTERPRESS, or the first
# argument, names the program; by default target/release/letterpress. Wants root
# on Debian 12 or 13.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/../.."
program=$(realpath "${1:-${LETTERPRESS:-${CARGO_TARGET_DIR:-target}/release/letterpress}}")

.ci/install postfix python3

work=$(mktemp -d)
postfix=$work/postfix
ended() {
  postfix -c "$postfix" stop >/dev/null 2>&1 || true
  rm -rf "$work"
}
trap ended EXIT

mkdir -p "$postfix"/{queue,data} "$work/mail" "$work/site/data"
chmod 755 "$work" "$postfix"
chown postfix "$postfix/data"
chown nobody:nogroup "$work/mail"
port=$(python3 -c 'import socket; print(socket.create_server(("127.0.0.1", 0)).getsockname()[1])')

# Whatever stands behind the + comes into the one mailbox. Recipients are not
# looked up while the sender waits, so that a wrong one becomes a report.
cat >"$postfix/main.cf" <<END
compatibility_level = 3.6
queue_directory = $postfix/queue
data_directory = $postfix/data
daemon_directory = /usr/lib/postfix/sbin
command_directory = /usr/sbin
maillog_file = $postfix/log
maillog_file_prefixes = $postfix
myhostname = mx.weekly.test
inet_interfaces = 127.0.0.1
inet_protocols = ipv4
mynetworks = 127.0.0.0/8
mydestination =
alias_maps =
alias_database =
recipient_delimiter = +
virtual_mailbox_domains = weekly.test example.net
virtual_mailbox_base = $work/mail
virtual_mailbox_maps = inline:{ { bounce@weekly.test = bounces/ }, { unsubscribe@weekly.test = bounces/ }, { ada@example.net = ada/ } }
virtual_uid_maps = static:$(id -u nobody)
virtual_gid_maps = static:$(id -g nobody)
virtual_minimum_uid = 1
default_transport = discard
smtpd_reject_unlisted_recipient = no
smtpd_relay_restrictions = permit_mynetworks, reject
END
cat >"$postfix/master.cf" <<END
127.0.0.1:$port inet n - n - - smtpd
cleanup unix n - n - 0 cleanup
qmgr unix n - n 300 1 qmgr
rewrite unix - - n - - trivial-rewrite
bounce unix - - n - 0 bounce
defer unix - - n - 0 bounce
trace unix - - n - 0 bounce
proxymap unix - - n - - proxymap
anvil unix - - n - 1 anvil
discard unix - - n - - discard
error unix - - n - - error
retry unix - - n - - error
virtual unix - n n - - virtual
postlog unix-dgram n - n - 1 postlogd
END
postfix -c "$postfix" start >/dev/null 2>&1 </dev/null
for _ in {1..100}; do
  (exec 3<>"/dev/tcp/127.0.0.1/$port") 2>/dev/null && break
  sleep 0.1
done

tar --create config issues pages templates | tar --extract --directory="$work/site"
(umask 077; head -c 32 /dev/urandom | od -An -tx1 | tr -d ' \n' >"$work/site/data/server.key")
export LETTERPRESS__NEWSLETTER__FROM="Weekly <editor@weekly.test>"
export LETTERPRESS__SMTP__HOST=127.0.0.1 LETTERPRESS__SMTP__PORT=$port LETTERPRESS__SMTP__TLS=none
letterpress() { "$program" -q -C "$work/site" "$@"; }

# arrived FOLDER: waits for a message in a Maildir.
arrived() {
  local _
  for _ in {1..300}; do
    [[ -n $(ls "$work/mail/$1/new" 2>/dev/null) ]] && return
    sleep 0.1
  done
  echo "error: nothing arrived in $1" >&2
  cat "$postfix/log" >&2
  return 1
}

letterpress subscribers add nobody@example.net ada@example.net
letterpress send latest --test nobody@example.net
arrived bounces
letterpress bounces "$work/mail/bounces" --json >"$work/hard.json"

letterpress send latest --test ada@example.net
arrived ada
python3 - "$work/mail/ada/new" "$port" <<'END'
import email, email.policy, os, re, smtplib, sys

folder, port = sys.argv[1:]
name = os.path.join(folder, os.listdir(folder)[0])
message = email.message_from_binary_file(open(name, "rb"), policy=email.policy.default)
address = re.search(r"<mailto:([^?>]+)", message["List-Unsubscribe"])[1]
with smtplib.SMTP("127.0.0.1", int(port)) as smtp:
    smtp.sendmail("ada@example.net", [address], f"To: {address}\r\nSubject: unsubscribe\r\n\r\n")
END
arrived bounces
letterpress bounces "$work/mail/bounces" --json >"$work/leave.json"
letterpress bounces "$work/mail/bounces" --json >"$work/again.json"
letterpress suppressions list --json >"$work/suppressions.json"

python3 - "$work" <<'END'
import json, sys

read = lambda name: json.load(open(f"{sys.argv[1]}/{name}.json"))
[hard] = read("hard")["items"]
assert (hard["kind"], hard["done"]) == ("hard", "suppressed"), hard
assert (hard["address"], hard["status"]) == ("nobody@example.net", "5.1.1"), hard
[leave] = read("leave")["items"]
assert (leave["kind"], leave["done"]) == ("unsubscribe", "unsubscribed"), leave
assert leave["address"] == "ada@example.net", leave
assert read("again")["messages"] == 0
held = {one["address"]: one["reason"] for one in read("suppressions")}
assert held == {"nobody@example.net": "hard-bounce", "ada@example.net": "unsubscribed"}, held
print(f"Postfix said: {hard['diagnostic']}")
END
