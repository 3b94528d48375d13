#include "mix.h"
#include "names.h"

#include <eng_test.h>
#include <string>

TEST(red_has_a_name)
{
    CHECK(color_name(COLOR_RED) == std::string("red"));
}

TEST(others_are_numbers)
{
    CHECK(color_name(7) == std::string("#7"));
}
