/* The dispatcher of protocol `eng` runs these cases, so it is tested by being used. */
#include <eng_test.h>

static int runs;

TEST(a_true_condition_lets_a_case_go_on)
{
    CHECK(1 + 1 == 2);
    CHECK_EQ(runs++, 0);
}

TEST(equal_numbers_may_be_of_different_types)
{
    CHECK_EQ(7u, 7LL);
    CHECK_EQ((char)-1, -1);
}

TEST(a_skipped_case_leaves_at_once)
{
    SKIP("the check below is never reached");
    CHECK(0);
}
