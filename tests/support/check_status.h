/* check_status: what cmocka tests ask of a status. Include after <cmocka.h>. */
#ifndef TESTS_SUPPORT_CHECK_STATUS_H
#define TESTS_SUPPORT_CHECK_STATUS_H

#include <string.h>

#include "core/base/status.h"

static inline void check_ok(status s)
{
    if (failed(s)) fail_msg("unexpected error: %s", s.message);
}

static inline void check_says(status s, const char *words)
{
    if (!failed(s)) fail_msg("no error where \"%s\" was expected", words);
    if (strstr(s.message, words) == NULL) fail_msg("the message \"%s\" does not say \"%s\"", s.message, words);
}

#endif
