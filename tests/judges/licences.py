#!/usr/bin/env python3
"""Whether every crate in the tree has a licence that deny.toml allows.

Reads `cargo metadata` from standard input; exits 1 and names the crates that
have none. An expression is met when one side of each OR is allowed."""
import json
import re
import sys
import tomllib

with open("deny.toml", "rb") as file:
    allowed = set(tomllib.load(file)["licenses"]["allow"])


def met(expression):
    expression = expression.replace("/", " OR ")
    tokens = re.findall(r"\(|\)|[^\s()]+", expression)
    position = 0

    def either():
        nonlocal position
        found = both()
        while position < len(tokens) and tokens[position] == "OR":
            position += 1
            other = both()
            found = found or other
        return found

    def both():
        nonlocal position
        found = one()
        while position < len(tokens) and tokens[position] == "AND":
            position += 1
            other = one()
            found = found and other
        return found

    def one():
        nonlocal position
        token = tokens[position]
        position += 1
        if token == "(":
            found = either()
            position += 1
            return found
        if position < len(tokens) and tokens[position] == "WITH":
            token = " ".join(tokens[position - 1:position + 2])
            position += 2
        return token in allowed

    return bool(tokens) and either()


packages = json.load(sys.stdin)["packages"]
refused = [
    f"{package['name']} {package['version']}: {package['license'] or 'no licence stated'}"
    for package in packages
    if not met(package["license"] or "")
]
for line in sorted(refused):
    print(line, file=sys.stderr)
print(f"{len(packages)} crates, {len(refused)} with a licence that deny.toml does not allow")
sys.exit(bool(refused))
