#!/usr/bin/env python3
"""generate.py COUNT BYTES FOLDER: a newsletter of COUNT issues of about BYTES
bytes each, in the style of a weekly link digest. The same arguments give the
same files. Issues are dated daily, backwards from 2026-06-30, and carry YAML
front matter, so that other programs read them too."""

import datetime
import pathlib
import random
import sys

SUBJECTS = """the parser|a small daemon|this tutorial|the second part of the series|the author|a library
the release|an old mailing list|the standard|the new scheduler|a careful benchmark|the maintainers
the editor|a type checker|this talk|the database|an index|the garbage collector|the shell|a formatter""".replace("\n", "|").split("|")
VERBS = """explains|measures|replaces|documents|simplifies|compares|rewrites|generates|describes|tests
avoids|extends|questions|repairs|introduces|collects|caches|removes""".replace("\n", "|").split("|")
OBJECTS = """how strings are stored in memory|the cost of a system call|three ways to read a file
what happens between two commits|the order in which modules are loaded|a queue that never loses a message
the difference between a thread and a task|why the first design was wrong|tables with a million rows
an interpreter in four hundred lines|the life of a packet|names, scopes and closures|time zones
a cache that knows when to forget|the history of the format|the shape of an error message""".replace("\n", "|").split("|")
TAILS = """in plain words|with measurements|and shows the code|step by step|for people in a hurry
without a single dependency|in under an hour|and links to the sources|with many drawings
as it was used in production|and admits what is still missing""".replace("\n", "|").split("|")
MARKS = ["`async`", "`yield`", "**not**", "*by default*", "`--release`", "“fast enough”", "naïve", "标准库", "[the docs](https://docs.example.org/guide)"]
SECTIONS = [("🦄", "Articles & Tutorials"), ("🐿️", "Projects & Resources"), ("🎧", "Podcasts & Videos"), ("🥂", "Discussions"), ("🎁", "Books")]


def sentence(random):
    words = [random.choice(SUBJECTS), random.choice(VERBS), random.choice(OBJECTS), random.choice(TAILS)]
    if random.random() < 0.35:
        words.insert(random.randrange(1, 4), random.choice(MARKS))
    text = " ".join(words)
    return text[0].upper() + text[1:] + "."


def title(random):
    name = random.choice(["quill", "tympan", "quoin", "frisket", "brayer", "forme", "galley", "sorts"])
    return f"{name}-{random.randrange(1000)}: {random.choice(SUBJECTS)} {random.choice(VERBS)} {random.choice(OBJECTS)}"


def item(random, number):
    slug = random.randrange(10**9)
    language = random.choice(["", "", " (EN)", " (Chinese)"])
    yield f"{number}. [{title(random)}](https://www.example.org/posts/{slug}){language}"
    text = " ".join(sentence(random) for _ in range(random.randrange(2, 7)))
    if random.random() < 0.3:
        text += f" (star {random.randrange(1, 90)}.{random.randrange(10)}k)"
    yield text
    chance = random.random()
    if chance < 0.12:
        yield f"![A drawing of what is said in item {number}](https://img.example.org/{slug}.png)"
    elif chance < 0.2:
        yield "```python\n" + "\n".join(f"def step_{n}(rows):\n    return [row for row in rows if row > {n}]" for n in range(random.randrange(1, 4))) + "\n```"
    elif chance < 0.24:
        yield f"> {sentence(random)} {sentence(random)}"


def issue(number, size, day):
    source = random.Random(number * 1_000_003 + size)
    blocks = [
        f'---\ntitle: "Bench Weekly #{number}: {title(source)}"\ndate: {day}\nnumber: {number}\n---',
        " ".join(sentence(source) for _ in range(3)),
    ]
    length = sum(len(block.encode()) + 2 for block in blocks)
    section = 0
    while length < size:
        emoji, name = SECTIONS[section % len(SECTIONS)]
        block = [f"## {emoji}{name}"]
        for count in range(1, source.randrange(6, 14)):
            block += item(source, count)
            if length + sum(len(part.encode()) + 2 for part in block) >= size:
                break
        length += sum(len(part.encode()) + 2 for part in block)
        blocks += block
        section += 1
    return "\n\n".join(blocks) + "\n"


def main():
    count, size, folder = int(sys.argv[1]), int(sys.argv[2]), pathlib.Path(sys.argv[3])
    (folder / "config").mkdir(parents=True)
    (folder / "issues").mkdir()
    (folder / "config/letterpress.toml").write_text(
        '[newsletter]\ntitle = "Bench Weekly"\nurl = "https://bench.example.org/"\n'
        'from = "Bench Weekly <editor@example.org>"\naddress = "1 Bench Lane"\n'
    )
    last = datetime.date(2026, 6, 30)
    total = 0
    for number in range(1, count + 1):
        day = last - datetime.timedelta(days=count - number)
        text = issue(number, size, day)
        total += len(text.encode())
        (folder / f"issues/{day}-issue-{number}.md").write_text(text)
    print(f"{count} issues, {total / count / 1000:.1f} kB each", file=sys.stderr)


main()
