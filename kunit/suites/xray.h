/* SPDX-License-Identifier: GPL-2.0 */
/* Shared by the suites of the X-ray: a region, and what is seen of it. */
#ifndef DMAMAP_SUITE_XRAY_H
#define DMAMAP_SUITE_XRAY_H

#include <linux/mm.h>
#include <linux/slab.h>

#include "kunit/suites/suite.h"

#define XRAY_LINES 32

/* A region, and the last X-ray of one of its frames. */
struct xray_bed {
	struct dmamap_region *region;
	u64 pfn;
	struct page *page;
	struct dmamap_sightings seen;
	struct dmamap_sighting kept[XRAY_LINES];
};

static inline int xray_init(struct kunit *test)
{
	struct xray_bed *bed = kunit_kzalloc(test, sizeof(*bed), GFP_KERNEL);

	if (!bed)
		return -ENOMEM;
	bed->region = suite_region(test, suite_device(test), 4 * PAGE_SIZE);
	bed->pfn = bed->region->core.pfn;
	bed->page = pfn_to_page(bed->pfn);
	bed->seen.kept = bed->kept;
	bed->seen.room = XRAY_LINES;
	test->priv = bed;
	return 0;
}

/* All planted aliases are gone. */
static inline void xray_exit(struct kunit *test)
{
	suite_expect_no_alias(test);
}

/* X-rays @target. */
static inline struct xray_bed *xray_target(struct kunit *test,
					   const struct dmamap_target *target)
{
	struct xray_bed *bed = test->priv;
	struct dmamap_xray xray = {
		.targets = target, .count = 1,
		.saw = dmamap_sightings_keep, .data = &bed->seen,
	};

	bed->seen.used = 0;
	KUNIT_EXPECT_EQ(test, dmamap_xray(&xray), 0);
	KUNIT_EXPECT_LE(test, bed->seen.used, bed->seen.room);
	return bed;
}

static inline struct xray_bed *xray_frame(struct kunit *test, u64 pfn)
{
	const struct dmamap_target target = { .pfn = pfn, .pages = 1 };

	return xray_target(test, &target);
}

static inline unsigned int xray_count(const struct xray_bed *bed, enum dmamap_verdict verdict)
{
	unsigned int count = 0, i;

	for (i = 0; i < min(bed->seen.used, bed->seen.room); i++)
		count += bed->kept[i].verdict == verdict;
	return count;
}

/* What is seen at @addr, in process @pid (0: in the kernel); NULL is a failure. */
static inline const struct dmamap_sighting *xray_at(struct kunit *test, unsigned long addr,
						    pid_t pid)
{
	const struct xray_bed *bed = test->priv;
	unsigned int i;

	for (i = 0; i < min(bed->seen.used, bed->seen.room); i++) {
		const struct dmamap_sighting *at = &bed->kept[i];

		if (addr >= at->addr && addr - at->addr < at->pages << PAGE_SHIFT &&
		    at->pid == pid)
			return at;
	}
	KUNIT_FAIL(test, "nothing seen at %#lx, pid %d, of %u sightings", addr, pid,
		   bed->seen.used);
	return NULL;
}

static inline const struct dmamap_sighting *xray_expect(struct kunit *test, unsigned long addr,
							pid_t pid, enum dmamap_place place,
							enum dmamap_verdict verdict,
							bool cacheable)
{
	const struct dmamap_sighting *at = xray_at(test, addr, pid);

	if (!at)
		return NULL;
	KUNIT_EXPECT_STREQ(test, dmamap_place_name(at->place), dmamap_place_name(place));
	KUNIT_EXPECT_STREQ(test, dmamap_verdict_name(at->verdict), dmamap_verdict_name(verdict));
	KUNIT_EXPECT_TRUE(test, at->present);
	KUNIT_EXPECT_EQ(test, at->cacheable, cacheable);
	return at;
}

/* A cacheable translation, and a conflict. */
static inline const struct dmamap_sighting *xray_conflict(struct kunit *test,
							  unsigned long addr, pid_t pid,
							  enum dmamap_place place)
{
	return xray_expect(test, addr, pid, place, DMAMAP_VERDICT_CONFLICT, true);
}

/* One that is not cacheable. */
static inline const struct dmamap_sighting *xray_harmless(struct kunit *test,
							  unsigned long addr, pid_t pid,
							  enum dmamap_place place)
{
	return xray_expect(test, addr, pid, place, DMAMAP_VERDICT_HARMLESS, false);
}

#endif /* DMAMAP_SUITE_XRAY_H */
