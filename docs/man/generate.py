#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-or-later
#
# generate.py [--check] - makes the man pages: docs/man/netpolctl*.[18], one for each command and
# one for all of them, and docs/man/netpol.4, of the module:
#
#   from the tool's tables (build/netpolctl __options): NAME, SYNOPSIS, OPTIONS, the list of
#   commands, and DESCRIPTION, EXIT STATUS and EXAMPLES as --help has them
#   from docs/man/text/PAGE, if there is one: sections that take the place of these or are added,
#   and below ".It --NAME" in its section OPTIONS what is said of an option behind the sentence of
#   its table
#   of the module: its text, and the limits in kmod/core/world.c; a message of kmod that the text
#   does not explain is an error
#
# The pages are part of the tree, because who installs them has no generator. With --check nothing
# is written: a page that differs is named, and the exit status is 1.
import json
import pathlib
import re
import subprocess
import sys

ROOT = pathlib.Path(__file__).resolve().parent.parent.parent
TOOL = "build/netpolctl"
TEXT = "docs/man/text"
DATE = "December 1, 2026"
# In this order; sections of other names come behind OPTIONS.
ORDER = ("NAME", "SYNOPSIS", "DESCRIPTION", "OPTIONS", "COMMANDS", None, "ENVIRONMENT", "FILES",
         "EXIT STATUS", "EXAMPLES", "DIAGNOSTICS", "SEE ALSO")


def escape(text):
    """Text as it stands in a page; what looks like an option keeps its hyphens."""
    text = text.replace("\\", "\\e")
    return re.sub(r"(?<![\w-])-(-?)(?=\w)", lambda m: "\\-" * len(m.group()), text)


def guard(line):
    """A line of text that is no request of the formatter."""
    return "\\&" + line if line[:1] in (".", "'") else line


def sentences(text):
    """One sentence a line, as pages are written."""
    return [guard(escape(line)) for line in re.sub(r"([.:]) (?=[A-Z])", r"\1\n", text).split("\n")]


def upper(text):
    """A phrase as the beginning of a sentence."""
    return text[:1].upper() + text[1:]


def literal(lines):
    return [".Bd -literal -offset indent", *(guard(escape(line)) for line in lines), ".Ed"]


def prose(text):
    """What --help prints: lines that begin with a blank as they are, others as paragraphs."""
    out, block = [], []
    for line in [*text.split("\n"), ""]:
        if line.startswith(" "):
            block.append(line[2:])
            continue
        if block:
            out += literal(block)
            block = []
        elif not line:
            out.append(".Pp")
        if line:
            out += sentences(line)
    while out and out[-1] == ".Pp":
        out.pop()
    return out


def words(usage):
    """A line of usage as arguments of macros: -f FILE [-f FILE...] and the like."""
    out, glued = [], False
    for token in re.finditer(r"\[|\]|\||[^\s\[\]|]+|\s+", usage):
        token = token.group()
        if token.isspace():
            glued = False
            continue
        if glued and token not in "[]|" or glued == "word" and token == "[":
            out.append("Ns")
        if token == "[":
            out.append("Oo")
        elif token == "]":
            out.append("Oc")
        elif token == "|":
            out.append("|")
        elif token.startswith("-"):
            out.append("Fl " + token[1:])
        elif re.search("[A-Z]", token):
            out.append("Ar " + re.sub(r"\.\.\.$", " ...", token.lower()))
        else:
            out.append("Cm " + token)
        glued = False if token in "[|" else "word"
    return " ".join(out)


def synopsis(command):
    out = []
    for line in command["usage"].split("\n"):
        name = "netpolctl"
        if line.split(" ")[0] == command["name"]:
            name += " " + command["name"]
            line = line[len(command["name"]):].strip()
        out.append(".Nm " + name)
        if line:
            out.append("." + words(line))
    return out


def value(text):
    """The argument of an option: FILE, NS/POD=DEV, CIDR,..."""
    return "Ar " + text.lower()


def options(page, rows, more):
    out = [".Bl -tag -width Ds"]
    more = dict(more)
    for row in rows:
        arg = " " + value(row["value"]) if "value" in row else ""
        short = f"Fl {row['short']}{arg} , " if "short" in row else ""
        out.append(f".It {short}Fl -{row['name']}{arg}")
        out += sentences(upper(row["text"]) + ".")
        out += more.pop(row["name"], [])
    if more:
        raise ValueError(f"{TEXT}/{page}: there is no option --{next(iter(more))}")
    return out + [".El"]


def read(page):
    """Sections of a text, and in OPTIONS what there is on each option."""
    path = ROOT / TEXT / page
    sections, more, to = {}, {}, None
    for line in path.read_text(encoding="utf-8").splitlines() if path.exists() else []:
        if line.startswith(".Sh "):
            to = sections.setdefault(line[4:], [])
        elif line.startswith(".It --"):
            to = more.setdefault(line[6:], [])
        elif to is not None:
            to.append(line)
    sections.pop("OPTIONS", None)
    return sections, more


def render(page, sections):
    name, section = page.rsplit(".", 1)
    known = [key for key in ORDER if key]
    out = ['.\\" SPDX-License-Identifier: GPL-2.0-or-later',
           '.\\" Made by docs/man/generate.py from the tables of the tool and '
           f"{TEXT}/{page}; edit those.",
           f".Dd {DATE}", f".Dt {name.upper()} {section}", ".Os"]
    for key in ORDER:
        for title in [key] if key else [title for title in sections if title not in known]:
            if sections.get(title):
                out += [f".Sh {title}", *sections[title]]
    return "\n".join(out) + "\n"


def command_page(command, page):
    sections, more = read(page)
    name = page.rsplit(".", 1)[0]
    made = {
        "NAME": [f".Nm {name}", ".Nd " + escape(command["summary"])],
        "SYNOPSIS": synopsis(command),
        "DESCRIPTION": prose(command["about"]),
        "EXIT STATUS": prose(upper(command["exits"])) if command["exits"] else [],
        "EXAMPLES": literal(command["examples"].split("\n")),
        "SEE ALSO": [".Xr netpolctl 1"],
    }
    rest = ["The options of every command are in", ".Xr netpolctl 1 ."]
    if command["options"] or more:
        made["OPTIONS"] = [*options(page, command["options"], more), ".Pp", *rest]
    else:
        made["OPTIONS"] = rest
    if "EXIT STATUS" not in sections:
        made["EXIT STATUS"] += [".Pp"] * bool(made["EXIT STATUS"])
        made["EXIT STATUS"] += ["Those of every command are in", ".Xr netpolctl 1 ."]
    return render(page, made | sections)


def main_page(tables, pages):
    sections, more = read("netpolctl.1")
    listed = [".Bl -tag -width Ds"]
    for command in tables["commands"]:
        name, section = pages[command["name"]].rsplit(".", 1)
        listed += [f".It Xr {name} {section}",
                   *sentences(upper(command["summary"]) + ".")]
    made = {
        "NAME": [".Nm netpolctl", ".Nd control Kubernetes NetworkPolicy in the Linux kernel"],
        "OPTIONS": ["These options may stand before or after the command:",
                    *options("netpolctl.1", tables["options"], more)],
        "COMMANDS": ["Each command has a page of its own:", *listed, ".El"],
    }
    return render("netpolctl.1", made | sections)


def module_page():
    sections, _ = read("netpol.4")
    core = ROOT / "kmod/core"
    macros = dict(re.findall(r"^#define (NETPOL_\w+)\s+(\d+)$", "".join(
        path.read_text(encoding="utf-8") for path in sorted(core.glob("*.h"))), re.M))
    listed = [".Bl -column program-bytes-per-namespace 1073741824"]
    for name, number in re.findall(r"\[NETPOL_LIMIT_(\w+)\] = ([^,]+),",
                                   (core / "world.c").read_text(encoding="utf-8")):
        number, _, shift = macros.get(number, number).replace("ULL", "").partition(" << ")
        listed.append(f".It {name.lower().replace('_', '-')} Ta {int(number) << int(shift or 0)}")
    sections["LIMITS"] += [*listed, ".El"]
    # The messages that the page explains, and all that there are.
    said = [re.sub(r"\\n$", "", text) for path in sorted((ROOT / "kmod").rglob("*.c")) for text in
            re.findall(r'\bpr_(?!fmt)\w+\("([^"]*)"', path.read_text(encoding="utf-8"))]
    for text in said:
        if f'.It "{text}"' not in sections["DIAGNOSTICS"]:
            raise ValueError(f"{TEXT}/netpol.4 does not explain the message: {text}")
    return render("netpol.4", sections)


def main():
    done = subprocess.run([ROOT / TOOL, "__options"], stdout=subprocess.PIPE, check=True)
    tables = json.loads(done.stdout)
    pages = {}
    for command in tables["commands"]:
        name = "netpolctl-" + command["name"]
        pages[command["name"]] = name + (".8" if (ROOT / TEXT / (name + ".8")).exists() else ".1")
    files = {page: command_page(command, page)
             for page, command in zip(pages.values(), tables["commands"])}
    files["netpolctl.1"] = main_page(tables, pages)
    files["netpol.4"] = module_page()
    bad = 0
    for path in sorted((ROOT / TEXT).iterdir()):
        if path.name not in files:
            print(f"{TEXT}/{path.name} belongs to no command")
            bad = 1
    for path in sorted((ROOT / "docs/man").glob("*.[1-8]")):
        if path.name not in files:
            print(f"docs/man/{path.name} belongs to no command: delete it")
            bad = 1
    for name, text in files.items():
        path = ROOT / "docs/man" / name
        if path.exists() and path.read_text(encoding="utf-8") == text:
            continue
        if sys.argv[1:] == ["--check"]:
            print(f"docs/man/{name} is not what the tables make: run docs/man/generate.py")
            bad = 1
        else:
            path.write_text(text, encoding="utf-8")
            print(f"docs/man/{name}")
    return bad


if __name__ == "__main__":
    sys.exit(main())
