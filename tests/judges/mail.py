"""Judges the parts of signed mails and what other programs said of them.

mail.py parts FOLDER     reads mails/NAME.eml, writes NAME.html, NAME.txt and keys
mail.py verdicts FOLDER  reads what OpenDKIM and SpamAssassin said
"""

import email
import email.policy
import glob
import html.parser
import json
import mailbox
import os
import re
import subprocess
import sys
import unicodedata
import urllib.parse

import dkim

WIDTH = 72
CLIPPED = 102_000
FRAME = 8_000
# What SpamAssassin finds that is no fault of form: that there is HTML, and that a
# mail in a file came over no relay.
NOT_OF_FORM = {"HTML_MESSAGE", "NO_RELAYS", "NO_RECEIVED"}
# And of what editors wrote, which no form can change: sums of money, links to
# hosts without a name or below endings that many distrust.
OF_WORDS = {"LOTS_OF_MONEY", "NORMAL_HTTP_TO_IP", "PDS_OTHER_BAD_TLD"}
MOST_POINTS = 0.5

folder = sys.argv[2]
faults = []


def fault(name, what):
    faults.append(f"{name}: {what}")


class Shown(html.parser.HTMLParser):
    """Words that a reader sees, and where links lead."""

    def __init__(self, source):
        super().__init__()
        self.text, self.links, self.hidden = [], [], 0
        self.feed(source)

    def handle_starttag(self, tag, attributes):
        if tag in ("style", "title"):
            self.hidden += 1
        self.text.append("" if tag in INLINE else " ")
        for name, value in attributes:
            if tag == "a" and name == "href" and not value.startswith("#"):
                self.links.append(value)

    def handle_endtag(self, tag):
        if tag in ("style", "title"):
            self.hidden -= 1
        self.text.append("" if tag in INLINE else " ")

    def handle_data(self, data):
        if not self.hidden:
            self.text.append(data)


INLINE = {"a", "b", "strong", "em", "i", "code", "del", "span", "sub", "sup", "small", "kbd", "u", "s"}


def words(text):
    """Words in letters and digits alone, Han characters one by one."""
    text = unicodedata.normalize("NFKC", text).lower()
    return re.findall(r"[\u3040-\u30ff\u3400-\u9fff]|[^\W\u3040-\u30ff\u3400-\u9fff]+", text)


def columns(line):
    wide = sum(unicodedata.east_asian_width(one) in "WF" for one in line)
    none = sum(unicodedata.combining(one) != 0 or unicodedata.category(one) in ("Cf", "Mn", "Me") for one in line)
    return len(line) + wide - none


def share(part, whole):
    """How much of `whole` is in `part`, with repetition."""
    left = {}
    for one in part:
        left[one] = left.get(one, 0) + 1
    found = 0
    for one in whole:
        if left.get(one, 0) > 0:
            left[one] -= 1
            found += 1
    return found / max(1, len(whole))


def bare_html(markdown):
    """Bytes of the plain HTML of an issue, as a CommonMark program writes it."""
    body = re.sub(r"\A\ufeff?(---|\+\+\+)\n.*?\n\1\n", "", markdown, flags=re.S)
    options = [part for one in ("table", "strikethrough", "autolink", "footnotes") for part in ("-e", one)]
    out = subprocess.run(["cmark-gfm", "--unsafe", *options], input=body.encode(), capture_output=True, check=True)
    return len(out.stdout)


def check_text(name, text, shown):
    seen = "".join(shown.text)
    recall = share(words(text), words(seen))
    if recall < 0.9:
        fault(name, f"the text has {recall:.1%} of the words")
    text_links = {link.rstrip(").,") for link in re.findall(r"(?:https?://|mailto:)\S+", text)}
    wanted = {urllib.parse.unquote(link) for link in shown.links if not link.startswith("mailto:")}
    missing = wanted - {urllib.parse.unquote(link) for link in text_links}
    missing = {link for link in missing if link.rstrip(").,") not in text_links}
    if len(missing) > 0.1 * len(wanted):
        fault(name, f"the text lacks {len(missing)} of {len(wanted)} links, such as {sorted(missing)[0]}")
    for found in re.findall(r"</?[a-zA-Z][^<>\n]*>|&(?:[a-z]+|#\d+);", text):
        if found not in seen and not found.startswith("<http"):
            fault(name, f"HTML in the text: {found[:60]}")
    if re.search(r"\{\{|\}\}", text) and not re.search(r"\{\{|\}\}", seen):
        fault(name, "a template's braces in the text")
    for line in text.splitlines():
        words_of_line = line.lstrip("> ").split()
        # One word, or a number before it, cannot be made shorter.
        if columns(line) > WIDTH and len(words_of_line) > 2 and not line.startswith("    " * 2):
            fault(name, f"a line of {columns(line)} columns: {line[:90]}")
    return recall, len(wanted) - len(missing), len(wanted)


def check_links(name, shown, header):
    leave = re.search(r"<(https://[^>]+)>", header)[1]
    if leave not in shown.links:
        fault(name, "no link to leave in the HTML")


def parts():
    records = {}
    for key in json.load(open(f"{folder}/both.json"))["keys"]:
        records[key["name"]] = key["value"]
    with open(f"{folder}/keys", "w") as out:
        out.writelines(f"{name} {value}\n" for name, value in records.items())
    find = lambda name, timeout=5: (records.get(name.decode().rstrip(".")) or "").encode() or None

    strict = email.policy.default.clone(raise_on_defect=True)
    names = sorted(glob.glob(f"{folder}/mails/*.eml"))
    assert names, "no mails"
    print(f"{'':22} {'as sent':>8} {'bare':>7} {'x':>5}  words  links")
    for path in names:
        name = os.path.basename(path)[:-4]
        raw = open(path, "rb").read()
        verified = [dkim.DKIM(raw, minkey=2048).verify(idx=one, dnsfunc=find) for one in range(2)]
        if verified != [True, True]:
            fault(name, f"dkimpy does not verify: {verified}")
        if raw.count(b"\r\n") != raw.count(b"\n") or not raw.isascii():
            fault(name, "bare line ends or octets above 127")
        message = email.message_from_bytes(raw, policy=strict)
        for key, value in message.items():
            if value.defects:
                fault(name, f"{key}: {value.defects}")
        assert message.get_content_type() == "multipart/alternative", message.get_content_type()
        text_part, html_part = message.iter_parts()
        text, source = text_part.get_content(), html_part.get_content()
        open(f"{folder}/mails/{name}.html", "w").write(source)
        open(f"{folder}/mails/{name}.txt", "w").write(text)

        shown = Shown(source)
        recall, links, all_links = check_text(name, text, shown)
        check_links(name, shown, message["List-Unsubscribe"])
        sent = len(raw.split(b"Content-Type: text/html")[1])
        told = "mail-too-large" in open(f"{folder}/mails/{name}.findings").read()
        if (sent > CLIPPED) != told:
            fault(name, f"{sent} bytes as sent, and the editor was{'' if told else ' not'} told")
        bare = bare_html(open(f"{folder}/mails/{name}.md").read())
        size = len(source.encode())
        if size > bare * 1.25 + FRAME:
            fault(name, f"the HTML has {size} bytes, bare {bare}")
        print(f"{name:22} {sent:8} {bare:7} {(size - FRAME) / bare:5.2f} {recall:6.1%} {links}/{all_links}")


def verdicts():
    said = open(f"{folder}/opendkim").read()
    names = sorted(glob.glob(f"{folder}/mails/*.eml"))
    for path in names:
        verified = re.search(rf"{re.escape(path)}: verification \(s=both,? .*succeeded", said)
        if not verified:
            fault(os.path.basename(path), f"OpenDKIM: {said[-600:]}")
    worst, of_words = 0.0, set()
    judged = list(mailbox.mbox(f"{folder}/judged.mbox"))
    assert len(judged) == len(names), f"SpamAssassin judged {len(judged)} of {len(names)}"
    for message in judged:
        name, scores = message["X-Judge"], message["X-Spam-Scores"]
        pairs = [one.split("=") for one in re.sub(r"\s", "", scores).split(",") if "=" in one]
        points = sum(max(0.0, float(score)) for rule, score in pairs if rule not in OF_WORDS)
        rules = {rule for rule, _ in pairs} - NOT_OF_FORM
        of_words |= rules & OF_WORDS
        worst = max(worst, points)
        if points > MOST_POINTS or rules - OF_WORDS:
            fault(name, f"SpamAssassin gives {points:.1f} points: {scores}")
    print(f"OpenDKIM: {len(names)} verified; SpamAssassin: at most {worst:.1f} points for form;"
          f" of what editors wrote: {', '.join(sorted(of_words)) or 'nothing'}")


{"parts": parts, "verdicts": verdicts}[sys.argv[1]]()
for one in faults:
    print(one, file=sys.stderr)
if faults:
    sys.exit(f"error: {len(faults)} faults")
