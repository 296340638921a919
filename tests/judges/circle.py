"""What comes out of the circle of bounces.sh.

circle.py answer FOLDER PORT  verifies what arrived, complains and leaves
circle.py books FOLDER        looks at what letterpress made of what came back
"""

import email
import email.policy
import glob
import json
import re
import smtplib
import sys

import dkim

folder = sys.argv[2]


def arrived(reader):
    [path] = glob.glob(f"{folder}/exim/mail/{reader}/new/*")
    return open(path, "rb").read().replace(b"\r\n", b"\n").replace(b"\n", b"\r\n")


def answer():
    records = {key["name"]: key["value"] for key in json.load(open(f"{folder}/keys.json"))["keys"]}
    find = lambda name, timeout=5: (records.get(name.decode().rstrip(".")) or "").encode() or None
    for reader in ("ada", "grace", "mary"):
        raw = arrived(reader)
        assert b"\nX-Relay: it passed here\r\n" in raw and raw.count(b"\nReceived:") >= 2, raw[:2000]
        verified = [dkim.DKIM(raw, minkey=2048).verify(idx=one, dnsfunc=find) for one in range(2)]
        assert verified == [True, True], f"{reader}: {verified}"

    raw = arrived("grace")
    message = email.message_from_bytes(raw, policy=email.policy.default)
    sender = message["Return-Path"].strip("<> ")
    report = b"\r\n".join([
        b"From: <complaints@example.net>",
        b"To: <" + sender.encode() + b">",
        b"Subject: FW: a complaint",
        b"MIME-Version: 1.0",
        b'Content-Type: multipart/report; report-type=feedback-report; boundary="x"',
        b"",
        b"--x",
        b"Content-Type: text/plain",
        b"",
        b"A reader marked this as spam.",
        b"--x",
        b"Content-Type: message/feedback-report",
        b"",
        b"Feedback-Type: abuse",
        b"User-Agent: Judge/1.0",
        b"Version: 1",
        b"Original-Mail-From: <" + sender.encode() + b">",
        b"Original-Rcpt-To: <grace@example.net>",
        b"",
        b"--x",
        b"Content-Type: message/rfc822",
        b"",
        raw,
        b"--x--",
        b"",
    ])
    leave = email.message_from_bytes(arrived("mary"), policy=email.policy.default)
    address = re.search(r"<mailto:([^?>]+)", leave["List-Unsubscribe"])[1]
    with smtplib.SMTP("127.0.0.1", int(sys.argv[3])) as smtp:
        smtp.sendmail("complaints@example.net", [sender], report)
        smtp.sendmail("mary@example.net", [address], f"To: {address}\r\nSubject: unsubscribe\r\n\r\n")


def books():
    read = lambda name: json.load(open(f"{folder}/{name}.json"))
    items = {item["address"]: item for item in read("first")["items"]}
    assert len(items) == 3, items
    for address, kind in [
        ("nobody@example.com", "hard"),
        ("ghost@example.net", "hard"),
        ("grace@example.net", "complaint"),
    ]:
        item = items[address]
        assert (item["kind"], item["done"]) == (kind, "suppressed"), item
    assert read("second")["messages"] == 0
    assert all(item["done"] != "suppressed" for item in read("repeated")["items"]), read("repeated")
    [leave] = read("leave")["items"]
    assert (leave["address"], leave["done"]) == ("mary@example.net", "unsubscribed"), leave
    held = {one["address"]: one["reason"] for one in read("suppressions")}
    assert held == {
        "nobody@example.com": "hard-bounce",
        "ghost@example.net": "hard-bounce",
        "grace@example.net": "complaint",
        "mary@example.net": "unsubscribed",
    }, held
    print(f"Postfix said: {items['nobody@example.com']['diagnostic']}")
    print(f"Exim said: {items['ghost@example.net']['diagnostic']}")
    print("three signed messages verify behind both; four of five are out, each once")


{"answer": answer, "books": books}[sys.argv[1]]()
