/* peak: the arithmetic a core can do at best, for benchmarks to compare with. */
#ifndef CORE_KERNELS_PEAK_H
#define CORE_KERNELS_PEAK_H

#include "core/kernels/kernels.h"

/* Does `steps` rounds of independent multiply-adds in registers, with the vectors of table k. Returns the
 * floating-point operations done (single precision, two for each multiply-add). */
double peak_multiply_add(const kernel_table *k, long steps);

#endif
