// SPDX-License-Identifier: GPL-2.0-or-later
/* How a finding of lint is made. */
#include <stdarg.h>
#include <string.h>

#include "object/lint_find.h"

struct np_lint_finding *np_lint_add(const struct np_linting *l, enum np_lint_id id,
				    uint32_t line, const char *fmt, ...)
{
	struct np_lint *lint = l->lint;
	struct np_lint_finding *item;
	va_list args;

	if (lint->disabled[id])
		return NULL;
	lint->item = np_array_grow(lint->item, lint->count, sizeof(*lint->item));
	item = &lint->item[lint->count++];
	memset(item, 0, sizeof(*item));
	item->id = (uint8_t)id;
	item->policy = l->policy;
	item->line = line ? line : l->policy->place.line;
	va_start(args, fmt);
	item->text = np_xvasprintf(fmt, args);
	va_end(args);
	return item;
}

void np_lint_path(struct np_lint_finding *item, const char *fmt, ...)
{
	va_list args;

	if (!item)
		return;
	va_start(args, fmt);
	item->path = np_xvasprintf(fmt, args);
	va_end(args);
}

void np_lint_hint(struct np_lint_finding *item, const char *fmt, ...)
{
	va_list args;

	if (!item)
		return;
	va_start(args, fmt);
	item->hint = np_xvasprintf(fmt, args);
	va_end(args);
}

static struct np_lint_fix *np_lint_fix_new(struct np_lint_finding *item, enum np_lint_fix_kind kind,
					   uint32_t line)
{
	item->fix = np_xcalloc(1, sizeof(*item->fix));
	item->fix->kind = kind;
	item->fix->line = line;
	return item->fix;
}

void np_lint_fix_text(struct np_lint_finding *item, uint32_t line, uint32_t column, const char *old,
		      const char *text)
{
	struct np_lint_fix *fix;

	if (!item)
		return;
	fix = np_lint_fix_new(item, NP_LINT_FIX_TEXT, line);
	fix->column = column;
	fix->old = old;
	fix->text = np_xstrdup(text);
}

void np_lint_fix_entry(struct np_lint_finding *item, enum np_lint_fix_kind kind, uint32_t line)
{
	if (item)
		np_lint_fix_new(item, kind, line);
}
