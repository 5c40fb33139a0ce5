// SPDX-License-Identifier: GPL-2.0
/* The words of /sys/kernel/debug/dmamap/load, taken strictly. */
#include <linux/errno.h>
#include <linux/kernel.h>
#include <linux/kstrtox.h>
#include <linux/sizes.h>
#include <linux/stddef.h>
#include <linux/string.h>

#include "kunit/suites/load.h"

static const struct key {
	const char *name;
	size_t offset;
	u32 least;
	u32 most;
	u32 otherwise;
} keys[] = {
#define KEY(name, least, most, otherwise) \
	{ #name, offsetof(struct dmamap_load_plan, name), least, most, otherwise }
	KEY(flips, 0, 10000000, 0),
	KEY(tries, 1, U32_MAX, U32_MAX),
	KEY(seconds, 1, 600, 60),
	KEY(min, 1, SZ_1G, SZ_4K),
	KEY(max, 1, SZ_1G, SZ_8M),
	KEY(live, 1, DMAMAP_LOAD_LIVE, 16),
	KEY(seed, 0, U32_MAX, 1),
};

static u32 *value_of(struct dmamap_load_plan *plan, const struct key *key)
{
	return (void *)plan + key->offset;
}

static const struct key *find(const char *name)
{
	size_t i;

	for (i = 0; i < ARRAY_SIZE(keys); i++)
		if (!strcmp(keys[i].name, name))
			return &keys[i];
	return NULL;
}

static int parse_word(char *word, struct dmamap_load_plan *plan, unsigned long *seen, char *why,
		      size_t bytes)
{
	char *number = strchr(word, '=');
	const struct key *key;
	u32 *value;

	if (!number) {
		scnprintf(why, bytes, "'%.32s' is not KEY=NUMBER", word);
		return -EINVAL;
	}
	*number++ = '\0';
	key = find(word);
	if (!key) {
		scnprintf(why, bytes, "there is no key '%.32s'", word);
		return -EINVAL;
	}
	if (*seen & BIT(key - keys)) {
		scnprintf(why, bytes, "%s stands there twice", key->name);
		return -EINVAL;
	}
	*seen |= BIT(key - keys);
	value = value_of(plan, key);
	/* No sign: kstrtou32() would take a plus. */
	if (*number < '0' || *number > '9' || kstrtou32(number, 10, value)) {
		scnprintf(why, bytes, "%s=%.32s is no number", key->name, number);
		return -EINVAL;
	}
	if (*value < key->least || *value > key->most) {
		scnprintf(why, bytes, "%s=%u is not between %u and %u", key->name, *value,
			  key->least, key->most);
		return -ERANGE;
	}
	return 0;
}

int dmamap_load_parse(char *text, struct dmamap_load_plan *plan, char *why, size_t bytes)
{
	unsigned long seen = 0;
	char *word;
	size_t i;
	int err;

	for (i = 0; i < ARRAY_SIZE(keys); i++)
		*value_of(plan, &keys[i]) = keys[i].otherwise;
	while ((word = strsep(&text, "\n "))) {
		if (!*word)
			continue;
		err = parse_word(word, plan, &seen, why, bytes);
		if (err)
			return err;
	}
	if (plan->min > plan->max) {
		scnprintf(why, bytes, "min=%u is more than max=%u", plan->min, plan->max);
		return -ERANGE;
	}
	return 0;
}
