/* shared_text: short texts that thousands of things have in common, such as the name of a strategy, each kept once, to
 * the end of the program. */
#ifndef CORE_BASE_SHARED_TEXT_H
#define CORE_BASE_SHARED_TEXT_H

#include "core/base/status.h"

/* *out: the same address for the same text, never to be freed. */
MUST_CHECK status shared_text(const char **out, const char *text);

#endif
