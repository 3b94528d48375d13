// One that does not end.
#include <gtest/gtest.h>
#include <unistd.h>

TEST(Before, Passes) {}
TEST(Slow, Hangs)
{
    for (;;)
        pause();
}
TEST(Behind, Passes) {}
