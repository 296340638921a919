#!/usr/bin/env python3
"""Condenses the data of Can I email to the table that the checks of mail use.

    npm pack caniemail@2 && tar xzf caniemail-*.tgz
    tools/caniemail.py package > src/email/check/support.txt

It reads data/caniemail.json and LICENSE of the package. Of each program it
takes the newest version that was tested, and of a family y where all its
programs know the feature, n where none does, else a; ? is not tested.
"""

import json
import pathlib
import re
import sys

FAMILIES = [
    ("gmail", None),
    ("outlook", ["windows"]),
    ("outlook", ["macos", "outlook-com", "ios", "android"]),
    ("apple-mail", None),
    ("yahoo", None),
]

# What the titles do not say in the words of CSS and HTML; None leaves out.
NAMED = {
    "amp": None,
    "bimi": None,
    "css-at-media": None,
    "css-at-supports": None,
    "css-block-inline-size": "property block-size inline-size",
    "css-border-inline-block-individual": None,
    "css-border-inline-block-longhand": None,
    "css-border-inline-block": "property border-inline border-block",
    "css-border-radius-logical": "property border-start-start-radius border-start-end-radius"
    " border-end-start-radius border-end-end-radius",
    "css-column-layout-properties": "property columns column-width column-rule column-span"
    " column-fill",
    "css-comments": None,
    "css-flex-direction": "property flex-direction",
    "css-flex-wrap": "property flex-wrap",
    "css-gap": "property gap column-gap row-gap",
    "css-grid-template": "property grid-template grid-template-areas grid-template-columns"
    " grid-template-rows",
    "css-important": None,
    "css-intrinsic-size": "value fit-content min-content max-content",
    "css-left-right-top-bottom": "property left right top bottom",
    "css-margin-block-start-end": "property margin-block-start margin-block-end",
    "css-margin-inline-block": "property margin-inline margin-block",
    "css-margin-inline-start-end": "property margin-inline-start margin-inline-end",
    "css-modern-color": "function lch oklch lab oklab",
    "css-nesting": None,
    "css-padding-block-start-end": "property padding-block-start padding-block-end",
    "css-padding-inline-block": "property padding-inline padding-block",
    "css-padding-inline-start-end": "property padding-inline-start padding-inline-end",
    "css-pseudo-class-lang": "pseudo :lang",
    "css-scroll-snap": "property scroll-snap-type scroll-snap-align",
    "css-sytem-ui": "value system-ui ui-serif ui-sans-serif ui-rounded ui-monospace",
    "css-unit-calc": "function calc",
    "css-unit-initial": "value initial",
    "css-unit-percent": "unit %",
    "css-variables": "function var",
    "html-address": "element address",
    "html-anchor-links": "link #",
    "html-base": "element base",
    "html-button-reset": None,
    "html-button-submit": None,
    "html-comments": None,
    "html-doctype": None,
    "html-h1-h6": "element h1 h2 h3 h4 h5 h6",
    "html-image-maps": "element map area",
    "html-lists": "element ul ol dl",
    "html-mailto-links": "link mailto:",
    "html-meta-color-scheme": None,
    "html-semantics": "element article aside details figcaption figure footer header main"
    " mark nav section summary time",
    "html-srcset": "attribute srcset sizes",
    "html-svg": "element svg",
    "image-apng": None,
    "image-avif": "image avif",
    "image-base64": None,
    "image-bmp": "image bmp",
    "image-gif": "image gif",
    "image-hdr": None,
    "image-heif": "image heif heic",
    "image-ico": "image ico",
    "image-jpg": "image jpg jpeg",
    "image-mp4": "image mp4",
    "image-png": "image png",
    "image-svg": "image svg",
    "image-tiff": "image tiff tif",
    "image-webp": "image webp",
}


def names(feature):
    """Kind and names by which the checks meet a feature, or None."""
    slug, title = feature["slug"], feature["title"].strip()
    if slug in NAMED:
        if NAMED[slug] is None:
            return None
        kind, *rest = NAMED[slug].split()
        return kind, rest
    if slug.startswith(("html-input-", "css-selector-")):
        return None
    if slug.startswith("html-"):
        if match := re.fullmatch(r"<([a-z]+)> element", title):
            return "element", [match[1]]
        if match := re.fullmatch(r"([a-z-]+) attribute", title):
            return "attribute", [match[1]]
    if slug.startswith("css-"):
        if title.startswith("@media"):
            return None
        if title.startswith("@"):
            return "at", [title[1:]]
        if title.startswith(":"):
            return "pseudo", [title.removesuffix("()")]
        if match := re.fullmatch(r"([a-z]+) unit", title):
            return "unit", [match[1]]
        if match := re.fullmatch(r"([a-z-]+)\(\)", title):
            return "function", [match[1]]
        if re.fullmatch(r"[a-z-]+:[a-z-]+", title):
            return "declaration", [title]
        title = re.sub(r" (CSS )?(property|shorthand)$", "", title)
        if re.fullmatch(r"[a-z-]+", title):
            return "property", [title]
    print(f"no name: {slug}: {title}", file=sys.stderr)
    return None


def support(stats, family, platforms):
    """One letter for a family of programs."""
    known = set()
    for platform, versions in stats.get(family, {}).items():
        if platforms is None or platform in platforms:
            newest = list(versions.values())[-1].split()[0]
            if newest != "u":
                known.add(newest)
    return known.pop() if len(known) == 1 else "a" if known else "?"


def main():
    package = pathlib.Path(sys.argv[1])
    data = json.loads((package / "data/caniemail.json").read_text())
    version = json.loads((package / "package.json").read_text())["version"]
    print(f"# What mail programs know: Can I email, data of {data['last_update_date'][:10]},")
    print(f"# from caniemail {version} by tools/caniemail.py. Columns: Gmail, Outlook for Windows,")
    print("# the other Outlooks, Apple Mail, Yahoo; y all, a some or partly, n none, ? not tested.")
    print("#")
    for line in (package / "LICENSE").read_text().strip().splitlines():
        print(f"# {line}".rstrip())
    rows = []
    for feature in data["data"]:
        found = names(feature)
        if found is None:
            continue
        letters = [support(feature["stats"], *family) for family in FAMILIES]
        kind, all_names = found
        rows += [f"{kind} {name} {' '.join(letters)}" for name in all_names]
    print("\n".join(sorted(set(rows))))


main()
