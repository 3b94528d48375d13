#include "greeting.h"

#include <stdio.h>

size_t greet(char *to, size_t size, const char *name)
{
    return (size_t)snprintf(to, size, "Hello, %s!", *name ? name : "world");
}
