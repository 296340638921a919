# Sourced by judges: start_server FOLDER serves the sample, built for a port of its
# own, from FOLDER/site. Sets url, port and server, the program's process; its log is
# FOLDER/log. Wants `program` to be set.
start_server() {
  local work=$1 try
  port=$(python3 -c 'import socket; s = socket.socket(); s.bind(("127.0.0.1", 0)); print(s.getsockname()[1])')
  url=http://127.0.0.1:$port
  mkdir -p "$work/site/data"
  tar --create config issues pages templates | tar --extract --directory="$work/site"
  export LETTERPRESS__NEWSLETTER__URL=$url/ LETTERPRESS__SERVER__URL=$url/
  printf '07%.0s' {1..32} >"$work/site/data/server.key"
  printf 'email,status\nada@example.org,confirmed\n' >"$work/list.csv"
  "$program" -q -C "$work/site" subscribers import "$work/list.csv" >/dev/null
  "$program" -q -C "$work/site" build
  "$program" -C "$work/site" serve --listen "127.0.0.1:$port" >/dev/null 2>"$work/log" &
  server=$!
  for try in $(seq 100); do
    curl --silent --fail --output /dev/null "$url/healthz" && return
    sleep 0.1
  done
  echo "error: the server does not answer" >&2
  cat "$work/log" >&2
  return 1
}
