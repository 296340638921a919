#!/usr/bin/env bash
# Bad days: a full disk, files that may not be read or written, a damaged store, a
# reader that went away, a kill in mid-build. Whatever happens, each published file is whole
# (the old one or the new one), and the message names the file.
#
# Needs root, for a small tmpfs and for becoming another user.
# LETTERPRESS names the program; by default target/release/letterpress.
set -euo pipefail
export LC_ALL=C
cd "$(dirname "${BASH_SOURCE[0]}")/../.."
[[ $(id -u) == 0 ]] || { echo "error: bad-days.sh needs root" >&2; exit 1; }

work=$(mktemp -d)
small=$work/small
cleanup() { mountpoint -q "$small" && umount "$small"; rm -rf "$work"; }
trap cleanup EXIT
chmod 755 "$work"
mkdir "$small"
# Another user cannot reach into root's folders.
program=$work/letterpress
install -m 755 "${LETTERPRESS:-${CARGO_TARGET_DIR:-target}/release/letterpress}" "$program"

fail() {
  echo "error: $1" >&2
  [[ ! -s $work/err ]] || sed 's/^/  | /' "$work/err" >&2
  exit 1
}

# run EXPECTED-CODE COMMAND…: EXPECTED-CODE is a number, or `not-0`.
run() {
  local code=0
  "${@:2}" >"$work/out" 2>"$work/err" || code=$?
  ! grep -q 'panicked' "$work/err" || fail "a panic in: ${*:2}"
  case $1 in
    not-0) [[ $code != 0 && $code -lt 128 ]] || fail "exit code $code, expected a failure: ${*:2}" ;;
    *) [[ $code == "$1" ]] || fail "exit code $code, expected $1: ${*:2}" ;;
  esac
}

says() { grep -qE -- "$1" "$work/err" || fail "the message does not say /$1/"; }

newsletter() { # newsletter DIR: the sample without what is built from it
  mkdir -p "$1"
  tar --create config issues pages templates | tar --extract --no-same-owner --directory="$1"
}

# Hashes of all that a build publishes, by path; not of its own notes.
outputs() {
  (cd "$1" && find feeds public -type f ! -name '*.lock' ! -name .letterpress -print0 2>/dev/null | sort -z | xargs -0r sha256sum)
}

names() { awk '{print $2}' | sort; }

# Every file of $1 is as in $2 or as in $3, and none is missing that $2 has.
whole() {
  outputs "$1" >"$work/now"
  sort -u "$2" "$3" >"$work/allowed"
  sort "$work/now" | comm -23 - "$work/allowed" >"$work/strange"
  [[ ! -s $work/strange ]] || { cat "$work/strange" >&2; fail "half-written or leftover files"; }
  names <"$work/now" | comm -13 - <(names <"$2") >"$work/lost"
  [[ ! -s $work/lost ]] || { cat "$work/lost" >&2; fail "files of the last build are gone"; }
}

edit() { # a change that reaches every feed and page of the issue
  sed -i '1s/Reading proofs/Reading the proofs twice/' "$1/issues/en/2026-02-27-weekly.md"
}

# What both builds write when nothing is wrong.
newsletter "$work/reference"
run 0 "$program" -C "$work/reference" build
outputs "$work/reference" >"$work/old"
[[ -s $work/old ]] || fail "the build of the sample wrote nothing"
edit "$work/reference"
run 0 "$program" -C "$work/reference" build
outputs "$work/reference" >"$work/new"
! cmp -s "$work/old" "$work/new" || fail "an edited issue changed no output"

echo "a first build onto a disk of 1 MB that is half full"
mount -t tmpfs -o size=1m,mode=755 none "$small"
newsletter "$small"
: >"$work/none"
room=$(($(df --output=avail -B1024 "$small" | tail -1) - 96))
[[ $room -le 0 ]] || dd if=/dev/zero of="$small/filler" bs=1024 count="$room" status=none
run not-0 "$program" -C "$small" build
says "$small|feeds/|public/"
says '[Nn]o space left'
whole "$small" "$work/none" "$work/old"
umount "$small"

echo "a second build onto a full disk"
mount -t tmpfs -o size=32m,mode=755 none "$small"
newsletter "$small"
run 0 "$program" -C "$small" build
edit "$small"
dd if=/dev/zero of="$small/filler" bs=1024 status=none 2>/dev/null || true
run not-0 "$program" -C "$small" build
says '[Nn]o space left'
whole "$small" "$work/old" "$work/new"
run not-0 "$program" -C "$small" send latest --dry-run
says '[Nn]o space left'
rm "$small/filler"
run 0 "$program" -C "$small" build
outputs "$small" | cmp - "$work/new" || fail "after the disk has room again the build is another one"
umount "$small"

# mailing DIR: a newsletter with a list of 400 and a relay that takes everything.
mailing() {
  newsletter "$1"
  run 0 "$program" -C "$1" init .
  { echo email,status; for number in $(seq 400); do echo "reader-$number@example.org,confirmed"; done; } >"$work/list.csv"
  run 0 "$program" -C "$1" subscribers import "$work/list.csv"
}
send() { # send EXPECTED-CODE DIR COMMAND…
  run "$1" env LETTERPRESS__SMTP__HOST=127.0.0.1 LETTERPRESS__SMTP__PORT="$port" LETTERPRESS__SMTP__TLS=none \
    "$program" -C "$2" "${@:3}"
}
counts() { "$program" -C "$1" report latest --json | python3 -c '
import json, sys
counts = json.load(sys.stdin)["counts"]
print(*(f"{name} {count}" for name, count in counts.items() if count))'; }
accepted_by_relay() { find "$work/mails" -name 'm.*' -size +0 -exec sed -n 's/^X-Rcpt-Args: //p' {} + | sort; }

.ci/install postfix python3 >/dev/null
mkdir "$work/mails"
chmod 777 "$work/mails"
port=$(python3 -c 'import socket; s = socket.create_server(("127.0.0.1", 0)); print(s.getsockname()[1])')
(cd "$work/mails" && exec smtp-sink -u nobody -d m.%M. "127.0.0.1:$port" 64 2>/dev/null) &
relay=$!
cleanup() { kill "$relay" 2>/dev/null || true; mountpoint -q "$small" && umount "$small"; rm -rf "$work"; }
for _ in $(seq 100); do (exec 3<>"/dev/tcp/127.0.0.1/$port") 2>/dev/null && break; sleep 0.1; done

echo "the disk fills up in the middle of a mailing"
mount -t tmpfs -o size=32m,mode=755 none "$small"
mailing "$small"
run 0 "$program" -C "$small" build
# Enough for the mailing to be confirmed and to begin, not for its end.
room=$(($(df --output=avail -B1024 "$small" | tail -1) - 420))
dd if=/dev/zero of="$small/filler" bs=1024 count="$room" status=none
send not-0 "$small" send latest --yes --yes-again --unsubscribe mailto
says 'disk is full|[Nn]o space left'
taken=$(accepted_by_relay | wc -l)
echo "  the relay had taken $taken, then the disk was full"
rm "$small/filler"
# What the relay took and the disk could not keep is unknown: one for each of the
# four connections at most.
send 4 "$small" resume --wait
counted=$(counts "$small")
echo "  $counted"
[[ $counted =~ ^accepted\ (39[6-9])\ unknown\ ([1-4])$ && $((BASH_REMATCH[1] + BASH_REMATCH[2])) == 400 ]] ||
  fail "accepted and unknown are not what they should be"
[[ $(accepted_by_relay | uniq -d | wc -l) == 0 ]] || fail "somebody was mailed twice"
[[ $(accepted_by_relay | wc -l) == 400 ]] || fail "$(accepted_by_relay | wc -l) of 400 were mailed"
umount "$small"

echo "a store that is damaged, and one that may not be written"
mailing "$work/damaged"
printf 'this is no store' >"$work/damaged/data/letterpress.db"
rm -f "$work/damaged/data/letterpress.db"-*
send not-0 "$work/damaged" send latest --yes --yes-again --unsubscribe mailto
says 'letterpress.db'
says 'damaged'
mount -t tmpfs -o size=32m,mode=755 none "$small"
mailing "$small"
mount -o remount,ro "$small"
send not-0 "$small" send latest --yes --yes-again --unsubscribe mailto
says 'letterpress.db|[Rr]ead-only'
mount -o remount,rw "$small"
umount "$small"
[[ $(accepted_by_relay | wc -l) == 400 ]] || fail "mail left from a store that could not keep it"

echo "standard output on a full disk"
code=0
"$program" -C "$work/reference" render latest --as html >/dev/full 2>"$work/err" || code=$?
[[ $code != 0 ]] || fail "a full standard output was called success"
! grep -q panicked "$work/err" || fail "a panic on a full standard output"

echo "an issue that may not be read, as another user"
newsletter "$work/foreign"
chown -R nobody "$work/foreign"
as_nobody() { setpriv --reuid=nobody --regid=nogroup --clear-groups "$@"; }
run 0 as_nobody "$program" -C "$work/foreign" build
outputs "$work/foreign" | cmp - "$work/old" || fail "another user's build is another one"
secret=issues/en/2026-01-23-weekly.md
chown root "$work/foreign/$secret"
chmod 600 "$work/foreign/$secret"
edit "$work/foreign"
run not-0 as_nobody "$program" -C "$work/foreign" build
says "$secret"
says '[Pp]ermission denied'
# What was published of it stays: its page, its entries.
diff <(names <"$work/old") <(outputs "$work/foreign" | names) || fail "the published files are others now"
page=public/issues/$(basename "$secret" .md)/index.html
cmp "$work/foreign/$page" "$work/reference/$page" || fail "the page of the unreadable issue changed"
for feed in rss.xml atom.xml feed.json; do
  grep -q "issues/$(basename "$secret" .md)/" "$work/foreign/feeds/$feed" || fail "$feed lost the unreadable issue"
done

echo "a folder that may not be written, as another user"
chmod 644 "$work/foreign/$secret"
run 0 as_nobody "$program" -C "$work/foreign" build
outputs "$work/foreign" | cmp - "$work/new" || fail "the build after the file can be read again is another one"
sed -i '1s/Reading the proofs twice/Reading proofs/' "$work/foreign/issues/en/2026-02-27-weekly.md"
find "$work/foreign/feeds" "$work/foreign/public" -exec chown root {} +
run not-0 as_nobody "$program" -C "$work/foreign" build
says 'feeds|public'
says '[Pp]ermission denied'
outputs "$work/foreign" | cmp - "$work/new" || fail "a refused build changed files"

echo "a reader that went away"
for form in html text email-html eml markdown; do
  { sleep 0.2; code=0; "$program" -C "$work/reference" render latest --as "$form" 2>"$work/err" || code=$?; echo "$code" >"$work/code"; } | true
  [[ $(cat "$work/code") == 0 ]] || fail "render --as $form into a closed pipe: exit code $(cat "$work/code")"
  [[ ! -s $work/err ]] || fail "render --as $form into a closed pipe complains"
done

echo "killed in mid-build, twenty times"
newsletter "$work/killed"
run 0 "$program" -C "$work/killed" build
edit "$work/killed"
for round in $(seq 20); do
  # The program itself, no wrapper: the signal reaches what was started here.
  "$program" -C "$work/killed" build >/dev/null 2>&1 &
  victim=$!
  sleep "0.0$((round % 10))$((round / 10))"
  kill -KILL "$victim" 2>/dev/null || true
  wait "$victim" 2>/dev/null || true
  outputs "$work/killed" | grep -vE '/\.[^/]*$' | sort >"$work/now"
  sort -u "$work/old" "$work/new" | comm -23 "$work/now" - >"$work/strange"
  [[ ! -s $work/strange ]] || { cat "$work/strange" >&2; fail "a kill left half a file"; }
done
run 0 "$program" -C "$work/killed" build
# What a kill left half-written goes a minute later.
touch -d '1 hour ago' "$work/killed"/{feeds,public}/.letterpress-*.tmp 2>/dev/null || true
sed -i '1s/twice/thrice/' "$work/killed/issues/en/2026-02-27-weekly.md"
run 0 "$program" -C "$work/killed" build
! ls "$work/killed"/{feeds,public}/.letterpress-*.tmp >/dev/null 2>&1 || fail "half-written files are left"
sed -i '1s/thrice/twice/' "$work/killed/issues/en/2026-02-27-weekly.md"
run 0 "$program" -C "$work/killed" build
outputs "$work/killed" | grep -v ' [^ ]*/\.letterpress-[^/]*$' | cmp - "$work/new" ||
  fail "the build after the kills is another one"

echo "all bad days survived"
