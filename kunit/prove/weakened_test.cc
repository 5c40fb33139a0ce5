// SPDX-License-Identifier: GPL-2.0
/*
 * Mutants of the judge: each rule of a machine is taken away in turn, and a known
 * order must then be judged otherwise. Each property has an order that it is known
 * for. So none of them is there for nothing.
 */
#include "kunit/prove/cases.h"

#include <gtest/gtest.h>

namespace dmamap::prove {
namespace {

/// A rule of a machine, taken away or, if the rule protects, turned around.
struct Weakening {
	const char *name;
	void (*apply)(judge::Profile &);
};

constexpr Weakening kWeakenings[] = {
	{"walker", [](judge::Profile &p) { p.walker = false; }},
	{"pte_held", [](judge::Profile &p) { p.pte_held = false; }},
	{"purge_drains", [](judge::Profile &p) { p.purge_drains = !p.purge_drains; }},
	{"purge_held", [](judge::Profile &p) { p.purge_held = false; }},
	{"online_purges", [](judge::Profile &p) { p.online_purges = false; }},
	{"speculates", [](judge::Profile &p) { p.speculates = false; }},
	{"coloured", [](judge::Profile &p) { p.coloured = false; }},
	{"cpus_snoop", [](judge::Profile &p) { p.cpus_snoop = true; }},
	{"outer", [](judge::Profile &p) { p.outer = false; }},
	{"flush_held", [](judge::Profile &p) { p.flush_held = false; }},
	{"store_held", [](judge::Profile &p) { p.store_held = false; }},
	{"device_snoops", [](judge::Profile &p) { p.device_snoops = !p.device_snoops; }},
	{"flush_after_lazy", [](judge::Profile &p) { p.flush_after_lazy = false; }},
};

class WeakenedTest : public ::testing::TestWithParam<Weakening> {};

INSTANTIATE_TEST_SUITE_P(Rules, WeakenedTest, ::testing::ValuesIn(kWeakenings),
			 [](const auto &info) { return info.param.name; });

TEST_P(WeakenedTest, SomeOrderIsJudgedOtherwise)
{
	for (const Case &c : cases()) {
		judge::Profile profile = *judge::find_profile(c.profile);

		GetParam().apply(profile);
		if (searched(c, profile, {.frames = 1, .eager = true}) != c.breaks) {
			RecordProperty("order", std::string(c.name));
			return;
		}
	}
	FAIL() << "no known order depends on it";
}

/* A property that no order is known for could be lost unseen. */
TEST(PropertiesTest, EachHasAnOrderThatItIsKnownFor)
{
	judge::Rules known;

	for (const Case &c : cases())
		if (!c.breaks.none())
			known |= c.above_all;
	EXPECT_EQ(names_of(known), names_of(judge::Rules::all()));
}

} // namespace
} // namespace dmamap::prove
