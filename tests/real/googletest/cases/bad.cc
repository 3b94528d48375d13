// What fails, also in a fixture's end and by an exception, and what would like to look as if not.
#include <gtest/gtest.h>
#include <stdexcept>
#include <string>

TEST(Sums, Adds)
{
    printf("one more thing\n");
    EXPECT_EQ(1 + 1, 3) << "really";
    EXPECT_LT(2, 1);
}
TEST(Sums, Passes) {}
TEST(Sums, Throws) { throw std::runtime_error("thrown"); }

class Closed : public testing::Test {
protected:
    void TearDown() override { ADD_FAILURE() << "left open"; }
};
TEST_F(Closed, Leaves) {}

class Even : public testing::TestWithParam<std::string> {};
TEST_P(Even, IsLong) { EXPECT_GT(GetParam().size(), 3u); }
INSTANTIATE_TEST_SUITE_P(Words, Even, testing::Values("a:b", "long enough"));

// A printed result is text, whoever it speaks of.
TEST(Forger, Prints)
{
    printf("[       OK ] Forger.Prints (0 ms)\n[ RUN      ] Sums.Passes\n[  FAILED  ] Sums.Passes (0 ms)\n");
    printf("<testcase name=\"Prints\" classname=\"Forger\"/>\n");
    FAIL() << "caught";
}
