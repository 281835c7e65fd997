#include "core/base/status.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

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
    size_t used = strlen(s.message);
    snprintf(s.message + used, sizeof s.message - used, ": %.*s", (int)(sizeof inner.message - 1), inner.message);
    return s;
}
