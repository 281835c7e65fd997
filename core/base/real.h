/* real: the number type of the engine. float in the product; a test build compiles the engine in double
 * (BITFRONT_DOUBLE) to compare with float64 reference vectors. */
#ifndef CORE_BASE_REAL_H
#define CORE_BASE_REAL_H

#include <math.h>

#ifdef BITFRONT_DOUBLE
typedef double real;
#define REAL_MAX 1.7976931348623157e308
#define real_floor floor
#define real_rint rint
#define real_sqrt sqrt
#define real_abs fabs
#define real_exp exp
#define real_log log
#else
typedef float real;
#define REAL_MAX 3.402823466e38f
#define real_floor floorf
#define real_rint rintf
#define real_sqrt sqrtf
#define real_abs fabsf
#define real_exp expf
#define real_log logf
#endif

#endif
