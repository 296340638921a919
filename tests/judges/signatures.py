"""Verifies signed mails with dkimpy, whole, relayed and changed.

The folder named holds the answers of `dkim generate --json` and mails/. Writes
keys, the file in which OpenDKIM looks public keys up."""

import glob
import json
import os
import re
import sys

import dkim

folder = sys.argv[1]
records = {}
for path in glob.glob(f"{folder}/*.json"):
    for key in json.load(open(path))["keys"]:
        records[key["name"]] = key["value"]
        strings = re.findall('"([^"]*)"', key["zone"])
        assert "".join(strings) == key["value"], "the zone file says something else"
        assert all(len(string) <= 255 for string in strings), "a string is too long"
with open(f"{folder}/keys", "w") as out:
    for name, value in records.items():
        out.write(f"{name} {value}\n")


def dns(name, timeout=5):
    value = records.get(name.decode().rstrip("."))
    return value.encode() if value else None


def verified(raw):
    """Whether each signature verifies."""
    count = len(re.findall(rb"(?m)^DKIM-Signature:", raw))
    return [dkim.DKIM(raw, minkey=2048).verify(idx=index, dnsfunc=dns) for index in range(count)]


def change(raw, old, new):
    changed = re.sub(old, new, raw, count=1)
    assert changed != raw, old
    return changed


def holds(raw):
    try:
        return verified(raw)
    except dkim.DKIMException:
        return [False]


names = sorted(glob.glob(f"{folder}/mails/*.eml"))
assert len(names) == 9, names
for name in names:
    raw = open(name, "rb").read()
    about = os.path.basename(name)
    wanted = 2 if about.startswith("both-") else 1
    assert verified(raw) == [True] * wanted, f"{about}: {verified(raw)}"

    header = raw.split(b"\r\n\r\n")[0]
    first = header.split(b"\r\nFrom:")[0]
    assert first.startswith(b"DKIM-Signature: v=1;"), first
    assert all(len(line) <= 76 for line in first.split(b"\r\n")), "a line is too long"
    assert b"l=" not in re.sub(rb"\s", b"", first).replace(b"ail=", b"").split(b"h=")[0]
    covered = re.search(rb"h=([^;]*);", re.sub(rb"\s", b"", first)).group(1).lower().split(b":")
    for field in (b"from", b"subject", b"to", b"date", b"reply-to", b"message-id"):
        assert covered.count(field) == 2, (about, field, covered)
    for field in (b"list-unsubscribe", b"list-unsubscribe-post", b"feedback-id", b"list-id"):
        assert field in covered, (about, field, covered)

    relayed = {
        "received": b"Return-Path: <x@example.net>\r\nReceived: from a by b;\r\n\tsome day\r\n" + raw,
        "refolded": change(raw, rb"(?m)^(List-Unsubscribe: <[^>]*>,)\s+", rb"\1\r\n\t "),
        "blank lines": raw + b"\r\n \r\n\r\n",
        "name in other case": change(raw, rb"(?m)^Subject: ", b"SUBJECT:   "),
    }
    for what, changed in relayed.items():
        assert holds(changed) == [True] * wanted, f"{about} does not survive: {what}"

    tampered = {
        "subject": change(raw, rb"(?m)^Subject: ", b"Subject: Not "),
        "body": raw[:-40] + change(raw[-40:], rb"[A-Za-z0-9]", b"~"),
        "another From": b"From: x@example.net\r\n" + raw,
        "From below": change(raw, rb"\r\n\r\n", b"\r\nFrom: x@example.net\r\n\r\n"),
        "another Subject": b"Subject: Win\r\n" + raw,
        "another To": b"To: x@example.net\r\n" + raw,
        "Cc": b"Cc: x@example.net\r\n" + raw,
        "another Content-Type": b"Content-Type: text/html\r\n" + raw,
        "another way out": b"List-Unsubscribe: <https://x.test/>\r\n" + raw,
        "one click": change(raw, rb"(?m)^List-Unsubscribe-Post: ", b"List-Unsubscribe-Post: x"),
        "a word more": raw + b"more\r\n",
        "the moment": change(raw, rb" t=\d", b" t=2"),
    }
    for what, changed in tampered.items():
        assert not any(holds(changed)), f"{about} verifies though changed: {what}"
    print(f"{about}: {wanted} verified, {len(tampered)} changes found")
