#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# What can be said without running anything: warnings of gcc (W=1) and sparse
# on each kernel's headers, warnings of gcc and clang in userspace, checkpatch,
# cppcheck, shellcheck, the ABI header by itself, what the netlink specification generates, the tests that a page
# names, where functions are declared.
set -eu
self=$(realpath "$0")
cd "$(dirname "$0")/../.."
# shellcheck source=tests/run/results.sh
. tests/run/results.sh
shopt -s nullglob globstar

version=$(sed -n 's/^PACKAGE_VERSION="\(.*\)"/\1/p' dkms.conf)
read -ra uinc <<<"-D_GNU_SOURCE -iquote tools/lib -iquote kmod -Iinclude -Iuapi $(pkg-config --cflags libnl-genl-3.0 | tr '\n' ' ')"
uinc+=("-DNETPOL_VERSION=\"$version\"")
module=(kmod/**/*.[ch] include/**/*.h uapi/**/*.h)
user=(kmod/core/*.c tools/lib/*/*.c tools/netpolctl/*.c)
tests=(tests/unit/*.c tests/evaluator/*.c tests/truth/*.c tests/fuzz/*.c tests/e2e/*.c tests/selftests/*.c tests/kube/*.c tests/cluster/*.c tests/bench/*.c)

# Builds the module with W=1 (kind gcc) or runs sparse over it (kind sparse);
# any line about our files is an error, the kernel's own headers are not ours.
kernel_build()
{
	local kind=$1 headers rel dir log
	headers=$(tests/run/kernel.sh headers "$2")
	rel=$(tests/run/kernel.sh release "$2")
	dir=$PWD/build/static/$rel
	log=$dir.$kind.log
	mkdir -p "$dir"
	tests/run/sync-tree.sh "$dir" Kbuild dkms.conf kmod/*.sh "${module[@]}"
	if [ "$kind" = gcc ]; then
		make -C "$headers" M="$dir" W=1 KCFLAGS=-Werror \
			-j"$(nproc)" modules >"$log" 2>&1 || { cat "$log"; return 1; }
	else
		make -C "$headers" M="$dir" W=1 KCFLAGS=-Werror C=2 \
			CF="-D__CHECK_ENDIAN__" -j"$(nproc)" modules >"$log" 2>&1 ||
			{ cat "$log"; return 1; }
		grep -q '^ *CHECK ' "$log" || { echo "sparse did not run"; return 1; }
	fi
	awk -v dir="$dir/" '
		/(warning|error):/ && (index($0, dir) == 1 || /^(kmod|include|uapi)\//) ||
		/(WARNING|ERROR): modpost|objtool:|sparse: (error|warning)/ {
			print; bad = 1
		}
		END { exit bad }' "$log"
}

syntax()
{
	local cc=$1
	shift
	printf '%s\0' "$@" | xargs -0 -n 8 -P "$(nproc)" \
		"$cc" -fsyntax-only -std=gnu11 -O2 -Wall -Wextra -Werror \
		-Wno-unused-parameter -Wno-sign-compare \
		-Wno-missing-field-initializers \
		-Wstrict-prototypes -Wmissing-declarations -Wshadow \
		"${uinc[@]}" -isystem build/kselftest -Itests/selftests
}

abi()
{
	local h
	for h in uapi/linux/*.h; do
		echo "#include <${h#uapi/}>" | gcc -x c -std=c99 -Wall -Wextra \
			-Werror -pedantic -Iuapi -fsyntax-only - || return 1
		echo "#include <${h#uapi/}>" | g++ -x c++ -std=c++11 -Wall \
			-Wextra -Werror -Iuapi -fsyntax-only - || return 1
	done
}

# checkpatch_run IGNORE FILE...: from build/kselftest, as it leaves a file with
# what it learned (nothing, of an empty directory) in the one that it runs in.
checkpatch_run()
{
	local ignore=$1
	shift
	[ $# != 0 ] || return 0
	mkdir -p build/kselftest/include
	(cd build/kselftest && printf '%s\0' "${@/#/../../}" | xargs -0 -n 12 -P "$(nproc)" \
		perl checkpatch.pl --no-tree --root=. --strict --terse \
		--quiet --show-types --no-summary --max-line-length=100 \
		--ignore "$ignore" -f) | sed 's@\.\./\.\./@@'
	return "${PIPESTATUS[0]}"
}

# The sections of checkpatch.ignore say what doesn't apply where.
ignored()
{
	awk -v want="$1" '/^#/ || !NF { next }
		/^\[/ { on = $0 == "[all]" || $0 == "[" want "]"; next }
		on { print $1 }' tests/run/checkpatch.ignore | paste -sd,
}

checkpatch()
{
	local rc=0 shim=(include/**/shim*.h tools/lib/offline/shim*.[ch]) f
	local kernel=() tool=()
	make -s kselftest || return 1
	for f in kmod/**/*.[ch] include/**/*.h; do
		[[ " ${shim[*]} kmod/netpol_trace.h " == *" $f "* ]] || kernel+=("$f")
	done
	for f in tools/**/*.[ch]; do
		[[ " ${shim[*]} " == *" $f "* ]] || tool+=("$f")
	done
	checkpatch_run "$(ignored kernel)" "${kernel[@]}" || rc=1
	checkpatch_run "$(ignored trace)" kmod/netpol_trace.h || rc=1
	checkpatch_run "$(ignored uapi)" uapi/**/*.h || rc=1
	checkpatch_run "$(ignored shim)" "${shim[@]}" || rc=1
	checkpatch_run "$(ignored tools)" "${tool[@]}" || rc=1
	return $rc
}

cpp_check()
{
	# it takes the cursor of list_for_each_entry() for uninitialised; compilers know
	cppcheck -q -j "$(nproc)" --std=c11 --error-exitcode=1 --inline-suppr \
		--enable=warning,portability,performance \
		--suppress=missingIncludeSystem --suppress=unmatchedSuppression \
		--suppress=normalCheckLevelMaxBranches \
		--suppress='uninitvar:kmod/core/*' \
		-U__KERNEL__ -D_GNU_SOURCE -DNETPOL_VERSION='"0"' \
		-Itools/lib -Ikmod -Iinclude -Iuapi -I/usr/include/libnl3 \
		"${user[@]}"
}

# Each test that docs/semantics.md names, `FILE` "TEXT", is there; all forty cases are named.
named_tests()
{
	local file text n=0 rc=0
	while IFS=$'\t' read -r file text; do
		n=$((n + 1))
		if ! grep -qF -- "$text" "$file"; then
			echo "docs/semantics.md names a test that is not in $file: $text"
			rc=1
		fi
	done < <(grep -Eo '`tests/[^`]+` "[^"]+"' docs/semantics.md |
		sed 's/^`\([^`]*\)` "\(.*\)"$/\1\t\2/')
	for text in {1..40}; do
		grep -Eq "^\| $text \|.*\"case $text: " docs/semantics.md ||
			{ echo "docs/semantics.md does not name case $text"; rc=1; }
	done
	[ "$(grep -o 'tests/[a-z0-9_/-]*\.[a-z]*' docs/semantics.md | wc -l)" = "$n" ] ||
		{ echo "docs/semantics.md has a test that is not written \`FILE\` \"TEXT\""; rc=1; }
	echo "$n tests"
	return $rc
}

# The kernel's schema of netlink specifications.
specification()
{
	make -s kselftest || return 1
	/usr/bin/python3 - build/kselftest/genetlink-legacy.yaml docs/netlink/netpol.yaml <<-'X'
	import sys
	import jsonschema
	import yaml
	schema, spec = (yaml.safe_load(open(name, encoding="utf-8")) for name in sys.argv[1:])
	jsonschema.validate(spec, schema)
	print(len(spec["attribute-sets"]), "attribute sets")
	X
}

# The options of the pages are those of the tool.
manual()
{
	make -s tools && docs/man/generate.py --check
}

# Only base grows memory, so that nobody else handles sizes, or the copies that realloc() leaves.
growth()
{
	! grep -rnE '\b(np_x)?realloc(array)?\(' tools --include='*.[ch]' |
		grep -v '^tools/lib/base/'
}

shell()
{
	local list
	list=$(grep -rlE --exclude-dir=build --exclude-dir=.git '^#!.*/(ba)?sh$' . | sort)
	# shellcheck disable=SC2086 # file names have no blanks here
	shellcheck -x -S warning $list
}

case "${1:-}" in
--do) part=static; shift; "$@"; exit ;;
esac

begin static
if compgen -G 'kmod/*.c' >/dev/null; then
	for k in $(tests/run/kernel.sh series); do
		run_check "module, W=1, $k" bash "$self" --do kernel_build gcc "$k"
		run_check "module, sparse, $k" bash "$self" --do kernel_build sparse "$k"
	done
fi
make -s kselftest
if [ ${#user[@]} != 0 ]; then
	run_check "userspace, gcc -Wextra" bash "$self" --do syntax gcc "${user[@]}"
	run_check "userspace, clang -Wextra" bash "$self" --do syntax clang-14 "${user[@]}"
	run_check "cppcheck" bash "$self" --do cpp_check
fi
if [ ${#tests[@]} != 0 ]; then
	run_check "tests, gcc -Wextra" bash "$self" --do syntax gcc "${tests[@]}"
fi
if compgen -G 'uapi/linux/*.h' >/dev/null; then
	run_check "ABI header alone, C and C++" bash "$self" --do abi
fi
run_check "checkpatch" bash "$self" --do checkpatch
run_check "shellcheck" bash "$self" --do shell
run_check "man pages" mandoc -Tlint -W warning docs/man/*.[1-8]
for w in units rules dashboard manifests; do
	run_check "deploy, $w" tests/run/deploy.sh "$w"
done
run_check "image of the tool" tests/run/image.sh
run_check "tests that docs/semantics.md names" bash "$self" --do named_tests
run_check "files and functions that the docs name" tests/run/walks.sh names
run_check "tests that docs/sync.md names" tests/run/walks.sh promised
run_check "what comments quote from the docs" tests/run/walks.sh cited
run_check "docs/netlink/netpol.yaml by the kernel's schema" bash "$self" --do specification
run_check "what docs/netlink/netpol.yaml generates" docs/netlink/generate.py --check
run_check "man pages, as the tool's tables make them" bash "$self" --do manual
run_check "rooms of tools/lib" python3 tests/run/rooms.py
run_check "memory that grows, only in tools/lib/base" bash "$self" --do growth
run_check "names of functions" python3 tests/run/names.py
run_check "exported functions, each in its own header" tests/run/declared.sh kmod kmod/core \
	include/netpol tools/lib/*/
finish
