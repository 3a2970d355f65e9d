# SPDX-License-Identifier: GPL-2.0-or-later
"""Runs the tests of the API client: run.py [NAME...]

Prints "ok NAME" or "FAILED NAME" with what was wrong. The names are those of
the statements in docs/api-client.md.
"""
import inspect
import os
import sys
import tempfile
import traceback

import client_credentials
import client_discovery
import client_faults
import client_foreign
import client_lists
import client_nodes
import client_once
import client_servers
import client_slow
import client_taint
import harness


def collect(modules):
    tests = []
    for module in modules:
        tests += [(name, function) for name, function in vars(module).items()
                  if inspect.isfunction(function) and function.__module__ == module.__name__
                  and name[0] in "LK" and name[1].isdigit()]
    return tests


def run(name, function):
    test = harness.Test()
    wrong = None
    try:
        function(test)
        for client in list(harness.OPEN):
            code, text = client.quit()
            harness.check(code == 0, "the client ended with", code, text[-2000:])
    except Exception:  # a test that breaks has failed, whatever the way
        wrong = traceback.format_exc(limit=-3)
    for client in harness.OPEN:
        client.kill()
    harness.OPEN.clear()
    test.close()
    if wrong:
        print("FAILED %s\n    %s" % (name, wrong.strip().replace("\n", "\n    ")), flush=True)
    else:
        print("ok %s" % name, flush=True)
    return not wrong


def main():
    wanted = sys.argv[1:]
    # "slow" is a part of its own: it waits, and computes nothing
    where = os.environ.get("CLIENT_PART", "0/1")
    part, parts = (0, 1) if where == "slow" else (int(n) for n in where.split("/"))
    modules = ((client_slow,) if where == "slow" else
               (client_lists, client_faults, client_servers, client_credentials, client_discovery,
                client_nodes, client_once, client_foreign, client_taint))
    tests = [test for test in collect(modules) if not wanted or any(w in test[0] for w in wanted)]
    with tempfile.TemporaryDirectory(prefix="netpol-certs.") as directory:
        harness.Test.certificates = harness.Certificates(directory)
        results = [run(*test) for test in tests[part::parts]]
    sys.stdout.flush()
    # threads of the double may still wait for a client
    os._exit(0 if results and all(results) else 1)


main()
