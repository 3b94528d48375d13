// Two that kill the process, one that ends it, and some around them.
#include <gtest/gtest.h>
#include <csignal>
#include <cstdlib>

TEST(Before, Passes) {}
TEST(Before, Fails) { FAIL() << "by itself"; }
TEST(Deadly, Segfaults)
{
    printf("last words\n");
    fflush(stdout);
    raise(SIGSEGV);
}
TEST(Between, Passes) {}
TEST(Deadly, Aborts) { abort(); }
TEST(Deadly, Exits) { exit(0); }
TEST(Behind, Passes) {}
