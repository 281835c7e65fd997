#include "core/base/number.h"

#include <ctype.h>
#include <errno.h>
#include <math.h>
#include <stdlib.h>

static bool is_digit(char c)
{
    return isdigit((unsigned char)c) != 0;
}

static const char *behind_sign(const char *text)
{
    return text + (*text == '-' || *text == '+');
}

bool number_take_whole(int64_t *out, const char **at, int64_t low, int64_t high)
{
    if (!is_digit(*behind_sign(*at))) return false;
    char *end;
    errno = 0;
    const long long value = strtoll(*at, &end, 10);
    if (errno != 0 || value < low || value > high) return false;
    *out = value;
    *at = end;
    return true;
}

/* strtod would also take hexadecimal numbers. */
static bool is_hexadecimal(const char *digits)
{
    return digits[0] == '0' && (digits[1] == 'x' || digits[1] == 'X');
}

/* A number too small for a double is 0 or nearly so; one too large is infinite, and no number. */
bool number_take_real(double *out, const char **at, double low, double high)
{
    const char *digits = behind_sign(*at);
    if (!(is_digit(digits[0]) || (digits[0] == '.' && is_digit(digits[1]))) || is_hexadecimal(digits)) return false;
    char *end;
    const double value = strtod(*at, &end);
    if (!isfinite(value) || value < low || value > high) return false;
    *out = value;
    *at = end;
    return true;
}

bool number_take_count(uint64_t *out, const char **at)
{
    if (!is_digit(**at)) return false;
    char *end;
    errno = 0;
    const unsigned long long value = strtoull(*at, &end, 10);
    if (errno != 0) return false;
    *out = value;
    *at = end;
    return true;
}

bool number_whole(int64_t *out, const char *text, int64_t low, int64_t high)
{
    int64_t value;
    if (!number_take_whole(&value, &text, low, high) || *text != '\0') return false;
    *out = value;
    return true;
}

bool number_real(double *out, const char *text, double low, double high)
{
    double value;
    if (!number_take_real(&value, &text, low, high) || *text != '\0') return false;
    *out = value;
    return true;
}

bool number_printed(double *out, const char *text)
{
    char *end;
    const double value = strtod(text, &end);
    if (end == text || *end != '\0' || isspace((unsigned char)text[0])) return false;
    *out = value;
    return true;
}
