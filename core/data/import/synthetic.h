/* synthetic: the embedded default data set "synthetic-digits": 32x32 colour images of the digits 0-9, drawn by the
 * program itself. How they are drawn: core/data/README.md. */
#ifndef CORE_DATA_IMPORT_SYNTHETIC_H
#define CORE_DATA_IMPORT_SYNTHETIC_H

#include <stdint.h>

#include "core/base/status.h"

enum { SYNTHETIC_TRAIN = 8000, SYNTHETIC_VALIDATION = 2000, SYNTHETIC_TEST = 2000 }; /* default sizes of the splits */

/* Draws train + validation + test images and writes the prepared file. Image k of a split is a
 * pure function of (seed, split, k), so the test images stay the same when more training images are asked for; the
 * classes take turns. Nothing is left at `out` unless everything succeeded. */
MUST_CHECK status synthetic_prepare(const char *out, uint64_t seed, int train, int validation, int test);

#endif
