// SPDX-License-Identifier: GPL-2.0
/* Both engines tell wrong orders from right ones, each by the rule that it is known
   for. */
#include "kunit/prove/cases.h"

#include <gtest/gtest.h>

namespace dmamap::prove {
namespace {

class SensitivityTest : public ::testing::TestWithParam<Case> {};

INSTANTIATE_TEST_SUITE_P(Orders, SensitivityTest, ::testing::ValuesIn(cases()),
			 [](const auto &info) {
				 std::string name(info.param.name);

				 for (char &c : name)
					 if (!std::isalnum(static_cast<unsigned char>(c)))
						 c = '_';
				 return name;
			 });

TEST_P(SensitivityTest, SearchFindsAllThatIsBroken)
{
	const Case &c = GetParam();
	const Rules broken = searched(c, *judge::find_profile(c.profile));

	EXPECT_EQ(names_of(broken), names_of(c.breaks));
	EXPECT_TRUE(c.breaks.none() || broken.has(c.above_all));
}

/* The same with two frames, as far as whether a rule is broken. */
TEST_P(SensitivityTest, EagerSearchFindsTheSame)
{
	const Case &c = GetParam();
	const judge::Profile &profile = *judge::find_profile(c.profile);

	EXPECT_EQ(names_of(searched(c, profile, {.frames = 1, .eager = true})),
		  names_of(c.breaks));
	EXPECT_EQ(names_of(searched(c, profile, {.frames = 2, .lines = 1, .eager = true}).none()
				   ? Rules() : c.breaks),
		  names_of(c.breaks));
}

TEST_P(SensitivityTest, OracleSaysTheSame)
{
	const Case &c = GetParam();
	const Rules broken = by_oracle(c, *judge::find_profile(c.profile));

	EXPECT_EQ(broken.none(), c.breaks.none()) << names_of(broken);
	EXPECT_TRUE(c.breaks.none() || broken.has(c.above_all)) << names_of(broken);
}

} // namespace
} // namespace dmamap::prove
