/* export_c: an integer network as a C program without dependencies: net.h, net.c, weights.h, int_kernels.h,
 * int_kernels.c, selftest.c and a Makefile. C99, no floating point, no dynamic memory. */
#ifndef CORE_DEPLOY_EXPORT_C_H
#define CORE_DEPLOY_EXPORT_C_H

#include "core/deploy/exporter.h"

extern const exporter exporter_c;

#endif
