/* The dispatcher of protocol `eng` runs these cases, so it is tested by being used. */
#include <eng_test.h>

#include <string.h>

static int runs, prepared, left_over;

SETUP
{
    prepared = 7;
    left_over++;
}

TEARDOWN
{
    left_over--;
}

TEST(a_true_condition_lets_a_case_go_on)
{
    CHECK(1 + 1 == 2);
    CHECK_EQ(runs++, 0);
    CHECK_EQ(runs, 1);
}

TEST(equal_numbers_may_be_of_different_types)
{
    struct {
        unsigned three : 2;
        int minus : 2;
    } bits = {3, -1};
    CHECK_EQ(7u, 7LL);
    CHECK_EQ((char)-1, -1);
    CHECK_EQ(bits.three, 3);
    CHECK_EQ(bits.minus, -1);
    CHECK_EQ(0.5f, 0.5);
    CHECK_EQ(18446744073709551615ull, ~0ull);
    CHECK_EQ(2, 2.0);
}

TEST(addresses_and_texts_are_compared)
{
    char text[] = "text";
    void *address = text;
    CHECK_EQ(address, &text[0]);
    CHECK_EQ(strchr(text, 'q'), NULL);
    CHECK_STR_EQ(text, "text");
    CHECK_STR_EQ(NULL, NULL);
}

TEST(a_skipped_case_leaves_at_once)
{
    SKIP("the check below is never reached");
    CHECK(0);
}

TEST(each_case_is_set_up_and_the_one_before_it_torn_down)
{
    CHECK_EQ(prepared, 7);
    CHECK_EQ(left_over, 1);
}

struct sum {
    int left, right, total;
};

TEST_EACH(a_case_gets_its_value, struct sum, sum, {1, 2, 3}, {2, 2, 4})
{
    CHECK_EQ(sum.left + sum.right, sum.total);
}
