/* span: a named piece of memory, for checkpoints. */
#ifndef CORE_BASE_SPAN_H
#define CORE_BASE_SPAN_H

#include <stddef.h>

typedef struct {
    const char *name;
    void *data; /* borrowed */
    size_t bytes;
} span;

#endif
