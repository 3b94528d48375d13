#ifndef MIX_H
#define MIX_H

#include "native/colors.h"

#ifdef __cplusplus
extern "C" {
#endif

/* The light of two colours together. */
unsigned mix(unsigned a, unsigned b);

#ifdef __cplusplus
}
#endif

#endif
