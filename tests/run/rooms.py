#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
#
# rooms.py - holds the includes of tools/lib to the table in tools/lib/README.md:
# a room includes its own headers and those of the rooms that its row names. A file
# (X.c and X.h count as one) must not include itself by way of others.
import pathlib
import re
import sys

root = pathlib.Path(".")
lib = root / "tools/lib"
uses = {}
for line in (lib / "README.md").read_text().splitlines():
    cells = [cell.strip() for cell in line.split("|")]
    if len(cells) == 5 and cells[1].startswith("`"):
        uses[cells[1].strip("`/")] = re.findall(r"`(\w+)/`", cells[3])

bad = []
arrows = {}
files = sorted([*lib.rglob("*.c"), *lib.rglob("*.h")])
for path in files:
    name = path.relative_to(lib)
    if len(name.parts) != 2 or name.parts[0] not in uses:
        bad.append(f"{path}: lies in no room that tools/lib/README.md names")
        continue
    room = name.parts[0]
    unit = str(name.with_suffix(""))
    for number, text in enumerate(path.read_text().splitlines(), 1):
        found = re.match(r'#include "([^"]+)"', text)
        if not found:
            continue
        target = found.group(1)
        place = target.split("/")[0]
        if not (lib / target).exists() and not (root / "kmod" / target).exists():
            bad.append(f"{path}:{number}: \"{target}\" is no path below tools/lib or kmod")
        elif place != room and place not in uses[room]:
            bad.append(f"{path}:{number}: room {room} must not include {target}")
        elif target[:-2] != unit and place != "core":
            arrows.setdefault(unit, set()).add(target[:-2])

for room, below in uses.items():
    for other in below:
        if other != "core" and room in uses.get(other, [room]):
            bad.append(f"tools/lib/README.md: {room} and {other} use each other, or {other} is no room")


def circle(unit, way, done):
    """The first way from unit back to a unit that is on the way already."""
    if unit in way:
        return way[way.index(unit):] + [unit]
    if unit in done:
        return None
    for other in sorted(arrows.get(unit, ())):
        found = circle(other, way + [unit], done)
        if found:
            return found
    done.add(unit)
    return None


done = set()
for unit in sorted(arrows):
    found = circle(unit, [], done)
    if found:
        bad.append("a circle of files: " + " -> ".join(found))
        break

print("\n".join(bad) if bad else f"{len(files)} files in {len(uses)} rooms")
sys.exit(bool(bad) or not files or not uses)
