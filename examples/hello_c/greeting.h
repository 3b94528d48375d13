#ifndef GREETING_H
#define GREETING_H

#include <stddef.h>

/* Writes a greeting for `name` into `to`; gives its length without the final zero. */
size_t greet(char *to, size_t size, const char *name);

#endif
