#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
#
# session.py PAGE [--write]: runs the commands of a page and compares their output. A command is a
# line that begins with "$ " between two lines of ```; what stands below it, up to the next one, is
# its output. All run in one shell after another in the working directory. --write puts what they
# print into the page.
import pathlib
import subprocess
import sys

page = pathlib.Path(sys.argv[1])
write = "--write" in sys.argv[2:]
old = page.read_text().splitlines()
new, count, code, skip = [], 0, False, False
for line in old:
    if line.startswith("```"):
        code, skip = not code, False
    elif code and line.startswith("$ "):
        done = subprocess.run(["bash", "-c", line[2:]], capture_output=True, text=True, check=False)
        new += [line, *(done.stdout + done.stderr).splitlines()]
        count, skip = count + 1, True
        continue
    if not skip:
        new.append(line)

if write:
    page.write_text("\n".join(new) + "\n")
elif new != old:
    import difflib

    print("\n".join(difflib.unified_diff(old, new, str(page), "what the commands print", lineterm="")))
print(f"{count} commands")
sys.exit(not count or (not write and new != old))
