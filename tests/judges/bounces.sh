#!/usr/bin/env bash
# A circle through real mail servers. A signed mailing leaves through a Postfix that
# adds and drops header fields; one reader's address does not exist there, the mail
# of the others goes on to an Exim that does not know one of them either. Both
# return what they cannot deliver to the envelope sender; a reader complains (RFC
# 5965), one leaves by mail. All of that comes back over Postfix into a Maildir of
# Dovecot, where letterpress reads it. What arrived is verified by dkimpy.
#
# LETTERPRESS, or the first argument, names the program; by default
# target/release/letterpress. Wants root on Debian 12 or 13.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/../.."
root=$PWD
program=$(realpath "${1:-${LETTERPRESS:-${CARGO_TARGET_DIR:-target}/release/letterpress}}")

.ci/install dovecot-core dovecot-lmtpd libgnutls-dane0 libidn12 postfix python3 python3-venv

work=$(mktemp -d)
postfix=$work/postfix
exim=
ended() {
  postfix -c "$postfix" stop >/dev/null 2>&1 || true
  [[ ! -e $work/dovecot.conf ]] || doveadm -c "$work/dovecot.conf" stop >/dev/null 2>&1 || true
  [[ -z $exim ]] || { kill "$exim" && wait "$exim"; } 2>/dev/null || true
  rm -rf "$work"
}
trap ended EXIT
chmod 755 "$work"

python3 -m venv "$work/venv"
"$work/venv/bin/pip" -q install dkimpy==1.1.8 pynacl==1.6.2 dnspython

# Exim's package excludes Postfix's, so it is unpacked and not installed.
mkdir "$work/packages" "$work/unpacked"
fetch() { (cd "$work/packages" && apt-get -qq download exim4-base exim4-daemon-light 2>/dev/null); }
fetch || { apt-get -qq update; fetch; }
for package in "$work"/packages/*.deb; do dpkg -x "$package" "$work/unpacked"; done

read -r port lmtp other < <(python3 - <<'END'
import socket
held = [socket.create_server(("127.0.0.1", 0)) for _ in range(3)]
print(*(one.getsockname()[1] for one in held))
END
)

mkdir -p "$postfix"/{queue,data} "$work"/mail "$work"/exim/{spool,log,mail} "$work/run" "$work/site/data"
chmod 755 "$postfix"
chown postfix "$postfix/data"
chown -R nobody:nogroup "$work/mail" "$work/exim"

# Recipients are not looked up while the sender waits, so that a wrong one becomes
# a report. It rewrites as relays do: it completes addresses and adds missing
# fields, puts fields of its own on top, drops one that nobody signed, and asks
# the next server for 7 bits.
cat >"$postfix/main.cf" <<END
compatibility_level = 3.6
queue_directory = $postfix/queue
data_directory = $postfix/data
daemon_directory = /usr/lib/postfix/sbin
command_directory = /usr/sbin
maillog_file = $postfix/log
maillog_file_prefixes = $postfix
myhostname = mx.weekly.test
mydomain = weekly.test
inet_interfaces = 127.0.0.1
inet_protocols = ipv4
mynetworks = 127.0.0.0/8
mydestination =
alias_maps =
alias_database =
recipient_delimiter = +
virtual_alias_domains = example.com
virtual_alias_maps = inline:{ { postmaster@example.com = bounce@weekly.test } }
virtual_mailbox_domains = weekly.test
virtual_mailbox_maps = inline:{ { bounce@weekly.test = x }, { unsubscribe@weekly.test = x } }
virtual_transport = lmtp:inet:127.0.0.1:$lmtp
transport_maps = inline:{ { example.net = smtp:[127.0.0.1]:$other } }
default_transport = discard
smtpd_reject_unlisted_recipient = no
smtpd_relay_restrictions = permit_mynetworks, reject
local_header_rewrite_clients = permit_mynetworks
always_add_missing_headers = yes
append_dot_mydomain = yes
masquerade_domains = weekly.test
header_checks = regexp:$postfix/headers
smtp_discard_ehlo_keywords = 8bitmime, chunking
smtp_header_checks = regexp:$postfix/smtp-headers
END
printf '%s\n' '/^Subject:/ PREPEND X-Relay: passed here' '/^X-Drop:/ IGNORE' >"$postfix/headers"
printf '%s\n' '/^X-Relay: (.*)/ REPLACE X-Relay: it $1' >"$postfix/smtp-headers"
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
smtp unix - - n - - smtp
lmtp unix - - n - - lmtp
postlog unix-dgram n - n - 1 postlogd
END

cat >"$work/exim.conf" <<END
primary_hostname = mx.example.net
spool_directory = $work/exim/spool
log_file_path = $work/exim/log/%slog
pid_file_path = $work/exim/pid
exim_path = $work/unpacked/usr/sbin/exim4
exim_user = nobody
exim_group = nogroup
never_users =
daemon_smtp_ports = $other
local_interfaces = 127.0.0.1
acl_smtp_rcpt = anybody
keep_environment =
tls_advertise_hosts =
begin acl
anybody:
  accept
begin routers
away:
  driver = manualroute
  domains = ! example.net
  transport = smtp
  route_list = * "127.0.0.1::$port" byname
  self = send
home:
  driver = accept
  local_parts = ada : grace : mary
  transport = maildir
nobody:
  driver = redirect
  data = :fail: no such person here
  allow_fail
begin transports
smtp:
  driver = smtp
maildir:
  driver = appendfile
  maildir_format
  directory = $work/exim/mail/\$local_part_data
  create_directory
  return_path_add
  user = nobody
  group = nogroup
END

cat >"$work/dovecot.conf" <<END
base_dir = $work/run
log_path = $work/dovecot.log
protocols = lmtp
listen = 127.0.0.1
ssl = no
mail_location = maildir:$work/mail/%n
first_valid_uid = 1
recipient_delimiter = +
passdb {
  driver = static
  args = nopassword=y
}
userdb {
  driver = static
  args = uid=nobody gid=nogroup home=$work/mail/%n allow_all_users=yes
}
service lmtp {
  inet_listener lmtp {
    address = 127.0.0.1
    port = $lmtp
  }
}
END
# Newer ones ask for the version whose words are used.
dovecot --version | grep -q '^2\.3' || {
  echo "error: this speaks to Dovecot 2.3, and here is $(dovecot --version)" >&2
  exit 1
}
dovecot -c "$work/dovecot.conf" </dev/null >/dev/null 2>&1
postfix -c "$postfix" start >/dev/null 2>&1 </dev/null
# Exim wants the user and the group that its package makes: for it alone nobody has
# that name as well.
(cat /etc/passwd; echo "Debian-exim:x:$(id -u nobody):$(id -g nobody)::/:/usr/sbin/nologin") >"$work/passwd"
(cat /etc/group; echo "Debian-exim:x:$(id -g nobody):") >"$work/group"
# shellcheck disable=SC2016 # the inner shell has its own words
unshare --mount sh -c 'mount --bind "$1/passwd" /etc/passwd &&
  mount --bind "$1/group" /etc/group && exec "$2" -C "$3" -bdf' sh \
  "$work" "$work/unpacked/usr/sbin/exim4" "$work/exim.conf" </dev/null >"$work/exim.out" 2>&1 &
exim=$!
for one in "$port" "$lmtp" "$other"; do
  for _ in {1..100}; do
    (exec 3<>"/dev/tcp/127.0.0.1/$one") 2>/dev/null && continue 2
    sleep 0.1
  done
  echo "error: nobody listens on port $one" >&2
  cat "$work/exim.out" "$postfix/log" "$work/dovecot.log" >&2 || true
  exit 1
done

tar --create config issues pages templates | tar --extract --directory="$work/site"
(umask 077; head -c 32 /dev/urandom | od -An -tx1 | tr -d ' \n' >"$work/site/data/server.key")
export LETTERPRESS__NEWSLETTER__FROM="Weekly <editor@weekly.test>"
export LETTERPRESS__NEWSLETTER__REPLY_TO=editor@weekly.test
export LETTERPRESS__LANGUAGES__ZH__FROM="Weekly <editor@weekly.test>"
export LETTERPRESS__SMTP__HOST=127.0.0.1 LETTERPRESS__SMTP__PORT=$port LETTERPRESS__SMTP__TLS=none
letterpress() { "$program" -q -C "$work/site" "$@"; }
letterpress dkim generate --selector both --rsa 2048 --ed25519 --json >"$work/keys.json"
export LETTERPRESS__DKIM__SELECTOR=both LETTERPRESS__DKIM__KEY_FILE=data/dkim-both.pem
export LETTERPRESS__DKIM__ED25519_SELECTOR=both-ed25519
export LETTERPRESS__DKIM__ED25519_KEY_FILE=data/dkim-both-ed25519.pem

# arrived FOLDER COUNT: waits for so many messages in a Maildir.
arrived() {
  local _
  for _ in {1..300}; do
    [[ $(find "$1/new" -type f 2>/dev/null | wc -l) -ge $2 ]] && return
    sleep 0.1
  done
  echo "error: not $2 messages came to $1" >&2
  tail -n 30 "$postfix/log" "$work/dovecot.log" "$work"/exim/log/* >&2 || true
  return 1
}

letterpress subscribers add nobody@example.com ghost@example.net grace@example.net \
  mary@example.net ada@example.net
letterpress send latest --yes --yes-again --unsubscribe mailto >"$work/sent"
for reader in grace mary ada; do arrived "$work/exim/mail/$reader" 1; done
arrived "$work/mail/bounce" 2
"$work/venv/bin/python" -B "$root/tests/judges/circle.py" answer "$work" "$port"
arrived "$work/mail/bounce" 3
arrived "$work/mail/unsubscribe" 1

# The same report may come twice, as from a server that was not heard.
cp -r "$work/mail" "$work/kept"
letterpress bounces "$work/mail/bounce" --json >"$work/first.json"
letterpress bounces "$work/mail/bounce" --json >"$work/second.json"
letterpress bounces "$work/mail/unsubscribe" --json >"$work/leave.json"
letterpress bounces "$work/kept/bounce" --json >"$work/repeated.json"
letterpress suppressions list --json >"$work/suppressions.json"
"$work/venv/bin/python" -B "$root/tests/judges/circle.py" books "$work"
