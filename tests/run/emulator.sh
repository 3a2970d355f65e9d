# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash
#
# For the scripts that run tests in virtual machines.

# emulator_failed STATUS CONSOLE: did the machine fail rather than what it ran? A guest
# that dies before its first command, or by a breakpoint of the kernel's own text
# patching (static keys), which an emulated processor gets wrong now and then, also long
# before netpol is loaded.
emulator_failed()
{
	[ "$1" = 124 ] || [ "$1" = 125 ] || return 1
	! grep -q 'netpol-vm: start' "$2" || grep -q 'Oops: int3' "$2"
}
