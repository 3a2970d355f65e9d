// SPDX-License-Identifier: GPL-2.0-or-later
#include "../e2e/e2e.h"

#include "pieces.h"

const char *const namespace_name[NAMESPACES] = { "red", "blue", "green", "kube-system" };

static uint64_t random_state;

void pieces_seed(uint64_t seed)
{
	random_state = seed * 0x9e3779b97f4a7c15ull + 1;
}

uint32_t change_random(uint32_t n)
{
	random_state ^= random_state << 13;
	random_state ^= random_state >> 7;
	random_state ^= random_state << 17;
	return (uint32_t)((random_state >> 11) % n);
}

bool chance(unsigned int percent)
{
	return change_random(100) < percent;
}

const char *any(const char *const *list, unsigned int count)
{
	return list[change_random(count)];
}

static const char *any_value(const char *key)
{
	static const char *const app[] = { "web", "db", "cache" };
	static const char *const tier[] = { "front", "back", "" };

	return strcmp(key, "app") ? any(tier, 3) : any(app, 3);
}

static const char *any_key(void)
{
	static const char *const key[] = { "app", "app", "tier", "example.com/tier" };

	return any(key, 4);
}

cJSON *object(void)
{
	return need(cJSON_CreateObject());
}

cJSON *array(void)
{
	return need(cJSON_CreateArray());
}

cJSON *put_text(cJSON *parent, const char *key, const char *value)
{
	need(cJSON_AddStringToObject(parent, key, value));
	return parent;
}

cJSON *put(cJSON *parent, const char *key, cJSON *child)
{
	cJSON_AddItemToObject(parent, key, child);
	return parent;
}

cJSON *labels(bool patch)
{
	static const char *const key[] = { "app", "tier", "example.com/tier" };
	cJSON *map = object();
	unsigned int i;

	for (i = 0; i < 3; i++) {
		if (chance(i ? 50 : 85))
			put_text(map, key[i], any_value(key[i]));
		else if (patch)
			cJSON_AddNullToObject(map, key[i]);
	}
	return map;
}

cJSON *selector(void)
{
	static const char *const op[] = { "In", "NotIn", "Exists", "DoesNotExist" };
	cJSON *s = object(), *list, *item, *values;
	const char *key, *how;

	switch (change_random(5)) {
	case 0:
		break;
	case 1:
	case 2:
		key = any_key();
		put(s, "matchLabels", put_text(object(), key, any_value(key)));
		break;
	default:
		key = any_key();
		how = any(op, 4);
		item = put_text(put_text(object(), "key", key), "operator", how);
		if (strstr(how, "In")) {
			values = array();
			cJSON_AddItemToArray(values, need(cJSON_CreateString(any_value(key))));
			if (chance(50))
				cJSON_AddItemToArray(values,
						     need(cJSON_CreateString(any_value(key))));
			put(item, "values", values);
		}
		list = array();
		cJSON_AddItemToArray(list, item);
		put(s, "matchExpressions", list);
	}
	return s;
}

cJSON *namespace_selector(void)
{
	if (chance(70))
		return selector();
	return put(object(), "matchLabels",
		   put_text(object(), "name", any(namespace_name, NAMESPACES)));
}
