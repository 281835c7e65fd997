/* number: numbers out of texts that people, files and the environment wrote. The one place that converts: all of the
 * number is digits, within limits, and nothing is left over unless the caller looks at it. Decimal only; no leading
 * space; "nan" and "inf" are no numbers. */
#ifndef CORE_BASE_NUMBER_H
#define CORE_BASE_NUMBER_H

#include <stdbool.h>
#include <stdint.h>

/* True when the whole text is a number within [low, high]; else *out stays as it was. */
bool number_whole(int64_t *out, const char *text, int64_t low, int64_t high);
bool number_real(double *out, const char *text, double low, double high);

/* The same for the number that begins at *at, which moves behind it. */
bool number_take_whole(int64_t *out, const char **at, int64_t low, int64_t high);
bool number_take_real(double *out, const char **at, double low, double high);

/* The same for values that use all 64 bits: no sign. */
bool number_take_count(uint64_t *out, const char **at);

/* True when the whole text is a double as "%a" prints it: also hexadecimal, infinite, or not a number. */
bool number_printed(double *out, const char *text);

#endif
