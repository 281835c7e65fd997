#include "core/base/status.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "core/base/text.h"

status status_ok(void)
{
    return (status){.code = STATUS_OK};
}

status status_fail(status_code code, const char *format, ...)
{
    status s = {.code = code};
    va_list args;
    va_start(args, format);
    vsnprintf(s.message, sizeof s.message, format, args);
    va_end(args);
    text_printable_lines(s.message);
    return s;
}

status status_in(status inner, const char *format, ...)
{
    if (!failed(inner)) return inner;
    status s = {.code = inner.code};
    va_list args;
    va_start(args, format);
    vsnprintf(s.message, sizeof s.message, format, args);
    va_end(args);
    strncat(s.message, ": ", sizeof s.message - strlen(s.message) - 1);
    strncat(s.message, inner.message, sizeof s.message - strlen(s.message) - 1); /* a long tail is cut */
    text_printable_lines(s.message);
    return s;
}
