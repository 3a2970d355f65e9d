# SPDX-License-Identifier: GPL-2.0-or-later
"""What only the kernel's clock can show: L17."""
import subprocess
import time

from harness import check, is_list, is_watch, pods


def nft(text):
    subprocess.run(["nft", "-f", "-"], input=text.encode(), check=True)


def L17_half_open(t):
    """Packets vanish in both directions: TCP finds out within a minute."""
    d = t.double()
    pods(d, 1)
    f = t.synced(d)
    f.settle(what="stream")
    nft("table inet half_open { chain input { type filter hook input priority 0; "
        "tcp dport %d drop; tcp sport %d drop; }; }" % (d.port, d.port))
    start = time.monotonic()
    try:
        while not [line for line in f.calls("state") if line["ends"]["connection"]]:
            check(time.monotonic() - start < 62, "not found within a minute")
            f.pump(0.5)
    finally:
        nft("delete table inet half_open")
    check(time.monotonic() - start > 10, "found before any keepalive")
    d.put("pods", "late", "ns")
    f.drive(lambda: d.asked(is_watch))
    f.until(call="upsert", name="late")
    check(d.asked(is_watch)[0].query["resourceVersion"] == "101" and not d.asked(is_list))
