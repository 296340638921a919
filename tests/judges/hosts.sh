#!/usr/bin/env bash
# The settings of config/deploy/ in the web servers that they are for: nginx and
# Caddy serve the sample by themselves, and stand in front of `serve`.
# LETTERPRESS names the program; by default target/release/letterpress.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/../.."
program=$(realpath "${LETTERPRESS:-${CARGO_TARGET_DIR:-target}/release/letterpress}")
.ci/install nginx caddy curl python3

work=$(mktemp -d)
chmod 755 "$work"
server= pids=()
trap 'kill ${server:+"$server"} "${pids[@]}" 2>/dev/null || true; rm -rf "$work"' EXIT
# shellcheck source=tests/judges/server.sh
source tests/judges/server.sh
start_server "$work"
root=$work/site/public
free_port() { python3 -c 'import socket; s = socket.socket(); s.bind(("127.0.0.1", 0)); print(s.getsockname()[1])'; }

fail() { echo "error: $*" >&2; exit 1; }

# at HEADER ADDRESS [CURL ARGUMENTS]: the value of a header.
at() {
  local name=$1 address=$2
  shift 2
  curl --silent --dump-header - --output /dev/null "$@" "$address" | tr -d '\r' |
    sed -n "s/^$name: //Ip" | tail -1
}
status() { curl --silent --output /dev/null --write-out '%{http_code}' "$@"; }

# is WHAT FOUND EXPECTED
is() { [[ $2 == "$3" ]] || fail "$1: \"$2\", not \"$3\""; }

# answers NAME ADDRESS: waits until a server is there.
answers() {
  local try
  for try in $(seq 100); do
    curl --silent --output /dev/null "$2/" && return
    sleep 0.1
  done
  fail "$1 does not answer"
}

# archive NAME ADDRESS: what every way to serve the archive must do.
archive() {
  local name=$1 here=$2 etag
  is "$name: pages" "$(at content-type "$here/")" "text/html; charset=utf-8"
  is "$name: RSS" "$(at content-type "$here/feeds/rss.xml")" "application/rss+xml; charset=utf-8"
  is "$name: Atom" "$(at content-type "$here/feeds/atom.xml")" "application/atom+xml; charset=utf-8"
  is "$name: JSON Feed" "$(at content-type "$here/feeds/feed.json")" "application/feed+json; charset=utf-8"
  is "$name: OPML" "$(at content-type "$here/feeds/feeds.opml")" "text/x-opml; charset=utf-8"
  is "$name: compression" "$(at content-encoding "$here/feeds/atom.xml" -H 'Accept-Encoding: gzip')" gzip
  is "$name: freshness" "$(at cache-control "$here/")" "public, max-age=60"
  is "$name: sniffing" "$(at x-content-type-options "$here/feeds/rss.xml")" nosniff
  [[ $(at content-security-policy "$here/") == "default-src 'none'"* ]] || fail "$name: no strict policy"
  etag=$(at etag "$here/feeds/atom.xml")
  is "$name: asked again" "$(status -H "If-None-Match: $etag" "$here/feeds/atom.xml")" 304
  is "$name: what a build notes for itself" "$(status "$here/.letterpress")" 404
  is "$name: nothing" "$(status "$here/nothing")" 404
  curl --silent "$here/deep/nothing" | cmp --silent - "$root/404.html" ||
    fail "$name: nothing is answered by another page than 404.html"
  is "$name: robots" "$(at content-type "$here/robots.txt")" "text/plain; charset=utf-8"
  local image
  image=$(cd "$root" && find images -type f 2>/dev/null | head -1)
  [[ -z $image ]] ||
    is "$name: images" "$(at cache-control "$here/$image")" "public, max-age=31536000, immutable"
}

# front NAME ADDRESS: what a server in front of `serve` must do besides.
front() {
  is "$1: leaving" "$(status --data List-Unsubscribe=One-Click "$2/unsubscribe/none")" 404
  # From outside it is nobody's affair.
  is "$1: numbers" "$(status "$2/metrics")" 404
}

# with_nginx FILE PORT: our file inside of nginx's own frame.
with_nginx() {
  local frame=$work/nginx-$2
  mkdir "$frame"
  sed -e "s/listen 80;/listen 127.0.0.1:$2;/" -e "s#/srv/weekly/public#$root#" \
    -e "s/127.0.0.1:8080/127.0.0.1:$port/" "config/deploy/$1" >"$frame/site.conf"
  cat >"$frame/nginx.conf" <<NGINX
user root;
daemon off;
pid $frame/pid;
error_log $frame/error;
events {}
http {
  access_log $frame/log;
  client_body_temp_path $frame/1; proxy_temp_path $frame/2; fastcgi_temp_path $frame/3;
  uwsgi_temp_path $frame/4; scgi_temp_path $frame/5;
  include /etc/nginx/mime.types;
  include $frame/site.conf;
}
NGINX
  nginx -t -q -c "$frame/nginx.conf" -e "$frame/error" || fail "nginx does not take config/deploy/$1"
  nginx -c "$frame/nginx.conf" -e "$frame/error" &
  pids+=("$!")
  answers "nginx with $1" "http://127.0.0.1:$2"
}

with_caddy() {
  local frame=$work/caddy-$2
  mkdir "$frame"
  { printf '{\n\tadmin off\n\tauto_https off\n}\n'
    sed -e "s#^weekly.example.org {#http://127.0.0.1:$2 {#" -e "s#/srv/weekly/public#$root#" \
      -e "s/127.0.0.1:8080/127.0.0.1:$port/" "config/deploy/$1"; } >"$frame/Caddyfile"
  export XDG_DATA_HOME=$work XDG_CONFIG_HOME=$work
  caddy run --adapter caddyfile --config "$frame/Caddyfile" 2>"$frame/log" &
  pids+=("$!")
  answers "caddy with $1" "http://127.0.0.1:$2"
}

archive serve "$url"
for kind in nginx-static.conf nginx-serve.conf; do
  here=$(free_port)
  with_nginx "$kind" "$here"
  archive "$kind" "http://127.0.0.1:$here"
done
front nginx-serve.conf "http://127.0.0.1:$here"
for kind in Caddyfile-static Caddyfile; do
  here=$(free_port)
  with_caddy "$kind" "$here"
  archive "$kind" "http://127.0.0.1:$here"
done
front Caddyfile "http://127.0.0.1:$here"
echo "nginx, Caddy: the archive by themselves and in front of the server"
