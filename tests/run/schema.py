# SPDX-License-Identifier: GPL-2.0-or-later
"""Holds JSON to docs/schema: schema.py LOG...

A line "# json NAME DOCUMENT", which a test in a virtual machine has written, is a document that
docs/schema/NAME.json must take. It must refuse the same one with another kind, so that no schema
takes everything. Prints what is wrong; exit status 1 if anything is, or if there is no document.
"""
import json
import sys

import jsonschema


def schema(name, known={}):
    if name not in known:
        with open("docs/schema/%s.json" % name, encoding="utf-8") as file:
            text = json.load(file)
        jsonschema.Draft7Validator.check_schema(text)
        known[name] = jsonschema.Draft7Validator(text)
    return known[name]


def wrong(name, document):
    """Yields what is wrong with a document."""
    error = jsonschema.exceptions.best_match(schema(name).iter_errors(document))
    if error:
        yield "%s: %s" % ("/".join(map(str, error.absolute_path)), error.message[:300])
    if schema(name).is_valid({**document, "kind": "Nothing"}):
        yield "the schema takes any kind"


def main():
    documents = bad = 0
    for log in sys.argv[1:]:
        with open(log, encoding="utf-8", errors="replace") as file:
            lines = [line for line in file if line.startswith("# json ")]
        for line in lines:
            name, text = line[len("# json "):].rstrip("\r\n").split(" ", 1)
            documents += 1
            for what in wrong(name, json.loads(text)):
                bad += 1
                print("%s by docs/schema/%s.json: %s" % (log, name, what))
    print("%d documents, %d faults" % (documents, bad))
    return 1 if bad or not documents else 0


sys.exit(main())
