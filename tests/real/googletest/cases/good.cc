// What passes, is skipped or is switched off: plain, with a fixture, with parameters, with types.
#include <gtest/gtest.h>
#include <string>
#include <vector>

TEST(Sums, Adds) { EXPECT_EQ(1 + 1, 2); }
TEST(Sums, Wraps)
{
    printf("no end of line");
    EXPECT_EQ(255u + 1, 256u);
}
TEST(Sums, DISABLED_Overflows) { FAIL(); }
TEST(Net, Connects) { GTEST_SKIP() << "no \"net\" & no <wire>"; }

class Filled : public testing::Test {
protected:
    void SetUp() override { items.assign(3, "x"); }
    std::vector<std::string> items;
};
TEST_F(Filled, HasThree) { EXPECT_EQ(items.size(), 3u); }

class Even : public testing::TestWithParam<int> {};
TEST_P(Even, IsEven) { EXPECT_EQ(GetParam() % 2, 0); }
INSTANTIATE_TEST_SUITE_P(Some, Even, testing::Values(2, 4, 6));
INSTANTIATE_TEST_SUITE_P(Named, Even, testing::Values(8), [](const auto &) { return "Eight"; });

template <typename T> class Of : public testing::Test {};
using Types = testing::Types<int, std::string>;
TYPED_TEST_SUITE(Of, Types);
TYPED_TEST(Of, StartsEmpty) { EXPECT_EQ(TypeParam(), TypeParam()); }
