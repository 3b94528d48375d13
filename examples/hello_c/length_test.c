#include "greeting.h"

#include <eng_test.h>
#include <string.h>

static char text[100];

SETUP
{
    memset(text, 'x', sizeof text);
}

struct greeted {
    const char *name;
    size_t length;
};

TEST_EACH(counts_every_character, struct greeted, it, {"eng", 11}, {"you", 11}, {"", 13})
{
    CHECK_EQ(greet(text, sizeof text, it.name), it.length);
    CHECK_EQ(strlen(text), it.length);
}

TEST(counts_what_did_not_fit)
{
    CHECK_EQ(greet(text, 4, "eng"), 11);
    CHECK_STR_EQ(text, "Hel");
}
