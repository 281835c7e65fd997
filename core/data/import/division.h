/* division: which samples become the validation and the test split, where the source does not say. */
#ifndef CORE_DATA_IMPORT_DIVISION_H
#define CORE_DATA_IMPORT_DIVISION_H

#include <stdint.h>

#include "core/base/status.h"

enum { DIVISION_OPEN = 255 }; /* mark of a sample that the source leaves open */

/* Divides the open samples (marks[i] == DIVISION_OPEN) class by class: of n open ones of a class, round(test * n) and
 * then round(validation * n) are drawn, at least one each where the fraction is above 0; the others are for training.
 * Sample i has a random key of (seed, RNG_SPLIT, i); the smallest keys are drawn. Nothing is drawn for a split whose
 * fraction is 0. STATUS_DATA: a class with too few samples. */
MUST_CHECK status division_draw(uint8_t *marks, const int32_t *labels, int count, int classes,
                                const char *const *class_names, uint64_t seed, double validation, double test);

#endif
