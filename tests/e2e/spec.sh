#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
#
# The netlink specification by itself drives a client that knows nothing of netpol.
#
#netpol-test: all-kernels
# netpol-test: python
PYTHONPATH=/tests/python:/usr/lib/python3/dist-packages
export PYTHONPATH
exec /usr/bin/python3 -S -B "${0%.sh}.py" /tests/netpol.yaml
