#ifndef NAMES_H
#define NAMES_H

#ifdef __cplusplus
extern "C" {
#endif

/* A colour as a web page writes it; valid until the next call in this thread. */
const char *color_name(unsigned color);

#ifdef __cplusplus
}
#endif

#endif
