/* check: what tests compare arrays with. A mismatch prints the name of the tensor, the largest absolute and relative
 * difference and where they are; nothing is printed for a match. */
#ifndef TESTS_SUPPORT_CHECK_H
#define TESTS_SUPPORT_CHECK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "core/base/real.h"

/* Distance from 1 to the next number: the unit of all rounding errors. */
#ifdef BITFRONT_DOUBLE
#define REAL_EPSILON 2.220446049250313e-16
#else
#define REAL_EPSILON 1.1920928955078125e-7
#endif

/* True if every |actual - expected| <= absolute + relative * |expected|; a number that is not finite differs from all.
 */
bool check_close(const char *name, const real *actual, const real *expected, size_t count, double absolute,
                 double relative);

/* True if all values are equal with ==, or both not a number: no rounding is allowed, but 0 and -0 are the same. */
bool check_same(const char *name, const real *actual, const real *expected, size_t count);

bool check_value(const char *name, double actual, double expected, double absolute, double relative);

/* Uniform numbers in [low, high), a pure function of the seed. */
void fill_uniform(real *out, size_t count, uint64_t seed, double low, double high);

/* `count` reals in a block of exactly that size, so that the address sanitizer sees every step beside it. Ends the test
 * program when there is no memory. The caller frees. */
real *new_reals(size_t count);

/* Fills with not-a-number: what a kernel must not read before writing. */
void fill_poison(real *out, size_t count);

#endif
