#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# Names in the documentation are those of the code:
#
#   walks.sh names    each `file` and `function()` of the pages about the code exists, and is in
#                     the file that the page says; so does each file that a page links to
#   walks.sh promised each test that docs/sync.md names beside a promise, `FILE` "TEXT", "TEXT", is
#                     there, and each promise has one
#   walks.sh cited    each text that a comment quotes from a page, docs/PAGE.md, "TEXT", is in it
set -eu
cd "$(dirname "$0")/../.."
shopt -s nullglob

pages=(docs/walk-*.md docs/design.md docs/api-client.md tools/lib/README.md)

# Everything between backquotes, one a line.
quoted()
{
	grep -o '`[^`]*`' "$1" | tr -d '`' | sort -u
}

# A path is from the top of the tree, or from a folder below which names are plain on a page.
is_file()
{
	local dir
	for dir in . kmod kmod/core include/netpol tools/lib tools/lib/kube; do
		! [ -e "$dir/$1" ] || return 0
	done
	return 1
}

# The definition or the macro: the name at the beginning of a line or after a type.
is_function()
{
	grep -rqE --include='*.[ch]' "^([a-z_].*[ *])?$1\(|^#define $1\(" kmod include tools tests
}

names()
{
	local page name file rc=0 n=0
	for page in "${pages[@]}"; do
		while read -r name; do
			case "$name" in
			*' '* | *'*'*) continue ;;
			*'()') is_function "${name%??}" || { echo "$page: no function $name"; rc=1; } ;;
			*/*.[ch] | */*.sh | *.[ch] | kmod/* | tools/* | tests/* | docs/*)
				is_file "$name" || { echo "$page: no file $name"; rc=1; } ;;
			*) continue ;;
			esac
			n=$((n + 1))
		done < <(quoted "$page")
	done
	# `function()` in `file`, or `function()` (`file`)
	while read -r name file; do
		grep -qw -- "$name" "$file" || { echo "no $name() in $file"; rc=1; }
		n=$((n + 1))
	done < <(cat "${pages[@]}" | tr '\n' ' ' | tr -s ' ' |
		grep -oE '`[a-z_0-9]+\(\)`( in | \()`[a-z_0-9/]+\.[ch]`' |
		sed -E 's/`([a-z_0-9]+)\(\)`( in | \()`([^`]+)`/\1 \3/')
	# links to files of the project
	for page in README.md docs/*.md docs/*/*.md examples/*.md tools/lib/*.md; do
		while read -r file; do
			[ -e "$(dirname "$page")/$file" ] || { echo "$page: no $file"; rc=1; }
			n=$((n + 1))
		done < <(grep -oE '\]\([^)#]+' "$page" | cut -c3- | grep -v '://')
	done
	echo "$n names"
	return $rc
}

promised()
{
	local row file text rc=0 n=0
	while read -r row; do
		grep -qE '`tests/[^`]+` "' <<<"$row" || { echo "no test: $row"; rc=1; }
		while read -r file; do
			while read -r text; do
				n=$((n + 1))
				grep -qF -- "$text" "${file%%\`*}" || { echo "not in ${file%%\`*}: $text"; rc=1; }
			done < <(grep -oE '"[^"]+"' <<<"$file" | tr -d '"')
		done < <(grep -oE '`tests/[^`]+` "[^"]+"(, "[^"]+")*' <<<"$row" | cut -c2-)
	done < <(sed -n '/^## Promises and their tests/,$ s/^| //p' docs/sync.md | sed '1d')
	echo "$n tests"
	[ "$n" -gt 30 ] || { echo "too few to be true"; rc=1; }
	return $rc
}

# Comments that quote a page: docs/PAGE.md, "TEXT", also several: "TEXT", "TEXT" and "TEXT".
cited()
{
	local source page text rc=0 n=0
	while IFS=$'\t' read -r source page text; do
		n=$((n + 1))
		tr '\n' ' ' <"$page" | tr -s ' ' | grep -qiF -- "$text" || {
			echo "$source quotes what is not in $page: $text"
			rc=1
		}
	done < <(grep -rlE 'docs/[a-z-]+\.md, "' --include='*.sh' --include='*.[ch]' --include='*.py' \
			kmod include tools tests | sort | while read -r source; do
		sed -E 's@^[[:space:]]*(#|\*|/\*) ?@@' "$source" | tr '\n' ' ' | tr -s ' ' |
			grep -oE 'docs/[a-z-]+\.md, "[^"]+"((,| and|, and) "[^"]+")*' |
			while read -r page; do
				grep -o '"[^"]*"' <<<"$page" | tr -d '"' | while read -r text; do
					printf '%s\t%s\t%s\n' "$source" "${page%%,*}" "$text"
				done
			done
	done)
	echo "$n quotations"
	[ "$n" -gt 20 ] || { echo "too few to be true"; rc=1; }
	return $rc
}

"$1"
