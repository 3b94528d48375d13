#include "greeting.h"

#include <eng_test.h>

TEST(counts_every_character)
{
    char text[100];
    CHECK_EQ(greet(text, sizeof text, "eng"), 11);
}

TEST(counts_what_did_not_fit)
{
    char text[4];
    CHECK_EQ(greet(text, sizeof text, "eng"), 11);
}
