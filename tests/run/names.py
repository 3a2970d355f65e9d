#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
#
# names.py - no function of tools/ has the name of another one, not even where both are
# static: whoever searches for a name finds one function.
import pathlib
import re
import sys

defined = {}
start = re.compile(r"^(?=[a-z])[^\n;={}#]*?\b(np_\w+)\([^;{}]*\)\n\{", re.M)
for path in sorted(pathlib.Path("tools").rglob("*.c")):
    for found in start.finditer(path.read_text()):
        defined.setdefault(found.group(1), []).append(str(path))

bad = {name: places for name, places in defined.items() if len(places) > 1}
for name, places in bad.items():
    print(f"{name}() is defined in {' and in '.join(places)}")
if not bad:
    print(f"{len(defined)} functions")
sys.exit(bool(bad) or len(defined) < 1000)
