# To be sourced: a real mail server on loopback, all of it below $work. Sets
# $postfix (its folder), $user and the password in $work/password, and the ports
# $open (no TLS), $submission (STARTTLS and a login) and $implicit (TLS from the
# start). Mail to example.net goes into the Maildir $work/mail/inbox, all other is
# taken and dropped. stop_postfix ends it. Wants root on Debian 12 or 13.
postfix=$work/postfix
stop_postfix() { postfix -c "$postfix" stop >/dev/null 2>&1 || true; }

mkdir -p "$postfix"/{queue,data,sasl} "$work/mail"
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
