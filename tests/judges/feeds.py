"""Reads feeds with feedparser, sfeed, newsboat and rss2email, and compares what
each found with the JSON Feed document of the same feed.

feeds.py FOLDER WORK: FOLDER holds the feeds, WORK is an empty folder for what
the readers write.
"""

import calendar
import email
import email.header
import html
import http.server
import json
import os
import pathlib
import re
import shutil
import sqlite3
import subprocess
import sys
import threading
import time
import urllib.parse
from datetime import datetime

import feedparser

wrong = []


def complain(reader, document, message):
    wrong.append(f"{reader}: {document}: {message}")


def squeezed(text):
    return " ".join(text.split())


def text_of(markup):
    """Letters and digits of HTML, for comparing what differs in markup."""
    text = re.sub(r"<[^>]*>|&[#\w]+;", "", markup)
    return re.sub(r"\W", "", text)


def moment(text):
    return int(datetime.fromisoformat(text.replace("Z", "+00:00")).timestamp())


def families(folder):
    """(JSON document, RSS and Atom documents beside it), for each feed."""
    found = []
    for path in sorted(folder.rglob("*.json")):
        document = json.loads(path.read_text("utf-8"))
        if "jsonfeed.org" not in str(document.get("version", "")):
            continue
        if path.name == "feed.json":
            others = [path.with_name("rss.xml"), path.with_name("atom.xml")]
        else:
            others = [path.with_name(f"{path.stem}.{kind}.xml") for kind in ("rss", "atom")]
        for other in others:
            if not other.is_file():
                complain("build", path, f"{other.name} is missing beside it")
        found.append((path, document, [other for other in others if other.is_file()]))
    return found


def check_json(path, document):
    """JSON Feed 1.1: what it demands."""
    ids = [item["id"] for item in document["items"]]
    if len(set(ids)) != len(ids):
        complain("json", path, "an id stands twice")
    for item in document["items"]:
        for key in ("id", "url", "title", "content_html", "date_published", "date_modified"):
            if not str(item.get(key, "")).strip():
                complain("json", path, f"{item.get('id')} has no {key}")
    dates = [moment(item["date_published"]) for item in document["items"]]
    if dates != sorted(dates, reverse=True):
        complain("json", path, "entries do not stand newest first")


def compare(reader, path, expected, found):
    """`found` and `expected`: dicts of id, title, url, date, text; None is not
    compared."""
    if [one["id"] for one in expected] != [one["id"] for one in found]:
        complain(reader, path, f"other entries: {len(found)} found, {len(expected)} expected")
        return
    for one, other in zip(expected, found):
        for key, value in other.items():
            if value is not None and value != one[key]:
                complain(reader, path, f"{one['id']}: {key} is {value!r:.200}, not {one[key]!r:.200}")


def expectation(document):
    return [
        {
            "id": item["id"],
            "title": squeezed(item["title"]),
            "url": item["url"],
            "date": moment(item["date_published"]),
            "text": text_of(item["content_html"]),
            "author": item["authors"][0]["name"],
        }
        for item in document["items"]
    ]


def judge_feedparser(path, expected):
    read = feedparser.parse(str(path), sanitize_html=False, resolve_relative_uris=False)
    if read.bozo:
        complain("feedparser", path, f"bozo: {read.get('bozo_exception')}")
    for key in ("title", "link", "language"):
        if not read.feed.get(key):
            complain("feedparser", path, f"the feed has no {key}")
    if not any(link.get("rel") == "self" for link in read.feed.get("links", [])):
        complain("feedparser", path, "the feed does not name itself")
    found = []
    for entry in read.entries:
        content = entry.get("content", [{}])[0].get("value", "")
        if not content.strip():
            complain("feedparser", path, f"{entry.get('id')} has no content")
        date = entry.get("published_parsed")
        found.append({
            "id": entry.get("id"),
            "title": squeezed(entry.get("title", "")),
            "url": entry.get("link"),
            "date": None if date is None else calendar.timegm(date),
            "text": text_of(content),
            "author": entry.get("author"),
        })
        if date is None:
            complain("feedparser", path, f"{entry.get('id')} has no date")
    compare("feedparser", path, expected, found)


def judge_sfeed(path, expected):
    run = subprocess.run(["sfeed"], stdin=path.open("rb"), capture_output=True, check=False)
    if run.returncode or run.stderr:
        complain("sfeed", path, f"exit {run.returncode}: {run.stderr.decode()}")
    found = []
    for line in run.stdout.decode("utf-8").splitlines():
        date, title, url, content, kind, id_, author = line.split("\t")[:7]
        if kind != "html":
            complain("sfeed", path, f"{id_}: content is {kind!r}")
        # One pass: a text may hold a backslash before an n of its own.
        content = re.sub(r"\\([nt\\])", lambda escape: {"n": "\n", "t": "\t"}.get(escape[1], "\\"), content)
        found.append({
            "id": id_,
            "title": squeezed(title),
            "url": url,
            "date": int(date or 0),
            "text": text_of(content),
            "author": author,
        })
    compare("sfeed", path, expected, found)


def judge_newsboat(work, path, expected):
    """newsboat keeps what it read in a database: one for each document, for it
    takes one id in two feeds for one entry."""
    home = work / "newsboat"
    shutil.rmtree(home, ignore_errors=True)
    home.mkdir()
    (home / "urls").write_text(f"file://{path}\n")
    (home / "config").write_text("max-items 0\n")
    run = subprocess.run(
        ["newsboat", "-q", "-u", home / "urls", "-c", home / "cache.db", "-C", home / "config",
         "-l", "2", "-d", home / "log", "-x", "reload"],
        capture_output=True, check=False,
    )
    if run.returncode or run.stderr:
        complain("newsboat", path, f"exit {run.returncode}: {run.stderr.decode()}")
    log = home / "log"
    if log.is_file():
        for line in log.read_text("utf-8", "replace").splitlines():
            if "ERROR" in line:
                complain("newsboat", path, line)
    database = sqlite3.connect(home / "cache.db")
    rows = database.execute("select guid, title, url, pubDate, content, author from rss_item").fetchall()
    database.close()
    found = [
        {
            "id": row[0],
            "title": squeezed(row[1]),
            "url": row[2],
            "date": int(row[3]),
            "text": text_of(row[4]),
            "author": row[5],
        }
        for row in rows
    ]
    by_id = lambda one: one["id"]
    compare("newsboat", path, sorted(expected, key=by_id), sorted(found, key=by_id))


class Quiet(http.server.SimpleHTTPRequestHandler):
    """Serves the feeds' folder on loopback, without a word."""

    def log_message(self, *_):
        pass


def judge_rss2email(folder, work, documents):
    """rss2email mails what it has not seen; a sendmail of ours keeps the mails."""
    server = http.server.ThreadingHTTPServer(
        ("127.0.0.1", 0), lambda *rest: Quiet(*rest, directory=str(folder))
    )
    threading.Thread(target=server.serve_forever, daemon=True).start()
    home = work / "rss2email"
    home.mkdir()
    sendmail = home / "sendmail"
    sendmail.write_text(f'#!/bin/sh\ncat >"$(mktemp "{home}/mail.XXXXXXXX")"\n')
    sendmail.chmod(0o755)
    for path, expected in documents:
        config = home / "config"
        data = home / "data"
        data.unlink(missing_ok=True)
        config.write_text(
            "[DEFAULT]\nfrom = feeds@example.com\nuse-8bit = True\nemail-protocol = sendmail\n"
            f"sendmail = {sendmail}\nhtml-mail = True\nverbose = warning\nto = reader@example.com\n"
        )
        url = f"http://127.0.0.1:{server.server_address[1]}/{urllib.parse.quote(str(path.relative_to(folder)))}"
        base = ["r2e", "-c", config, "-d", data]
        messages = []
        for command in (["add", "judged", url], ["run"]):
            run = subprocess.run([*base, *command], capture_output=True, check=False)
            if run.returncode or run.stderr:
                complain("rss2email", path, f"{command[0]}: exit {run.returncode}: {run.stderr.decode()}")
        for mail in home.glob("mail.*"):
            messages.append(email.message_from_bytes(mail.read_bytes()))
            mail.unlink()
        subjects = sorted(
            html.unescape(squeezed(str(email.header.make_header(email.header.decode_header(message["Subject"])))))
            for message in messages
        )
        # It takes the titles of RSS for HTML.
        titles = sorted(html.unescape(one["title"]) for one in expected)
        if subjects != titles:
            complain("rss2email", path, f"subjects {subjects!r:.300}, not {titles!r:.300}")
        again = subprocess.run([*base, "run"], capture_output=True, check=False)
        if again.returncode or list(home.glob("mail.*")):
            complain("rss2email", path, "a second run mails again")
    server.shutdown()


def main():
    folder, work = (pathlib.Path(name).resolve() for name in sys.argv[1:3])
    # newsboat and rss2email show times and look for settings in these.
    os.environ.update(TZ="UTC", HOME=str(work), XDG_CONFIG_HOME=str(work), XDG_DATA_HOME=str(work))
    time.tzset()
    documents = []
    for path, document, others in families(folder):
        check_json(path, document)
        expected = expectation(document)
        for other in others:
            documents.append((other, expected))
            judge_feedparser(other, expected)
            judge_sfeed(other, expected)
            judge_newsboat(work, other, expected)
    judge_rss2email(folder, work, documents)
    for message in wrong:
        print(f"error: {message}", file=sys.stderr)
    entries = sum(len(expected) for _, expected in documents)
    print(f"feedparser, sfeed, newsboat, rss2email: {len(documents)} documents, {entries} entries")
    if wrong or not documents:
        sys.exit(1)


main()
