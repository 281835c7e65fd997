/* cmd_bench_timing: a kernel table that measures its calls and passes them on to another one. There is one at a time.
 */
#ifndef MPI_BENCH_CMD_BENCH_TIMING_H
#define MPI_BENCH_CMD_BENCH_TIMING_H

#include "core/kernels/kernels.h"

typedef enum {
    TIMED_CONV_FORWARD,
    TIMED_CONV_DATA,
    TIMED_CONV_WEIGHT,
    TIMED_DEPTHWISE_FORWARD,
    TIMED_DEPTHWISE_DATA,
    TIMED_DEPTHWISE_WEIGHT,
    TIMED_BATCHNORM_FORWARD,
    TIMED_BATCHNORM_BACKWARD,
    TIMED_PACT_FORWARD,
    TIMED_PACT_BACKWARD,
    TIMED_ADD_RELU,
    TIMED_DROPOUT,
    TIMED_POOL,
    TIMED_LOSS,
    TIMED_KINDS
} timed_kind;

typedef struct {
    double seconds, bytes, operations; /* computed, not waited; bytes: read and written by the definition, once each */
    long calls;
} timed_sum;

enum { TIMED_SHAPES = 256 };
typedef struct {
    conv_shape shape; /* batch 0 */
    bool depthwise;
    timed_sum pass[3]; /* forward, gradient of the input, gradient of the weights */
} timed_shape;

typedef struct {
    timed_sum kinds[TIMED_KINDS];
    int shape_count; /* distinct shapes, in the order of their first call; those beyond TIMED_SHAPES only count above */
    timed_shape shapes[TIMED_SHAPES];
} timed_result;

const char *timed_kind_name(timed_kind kind);

/* From now on calls through the table go to `inside` and are added to *into (borrowed). Functions of the table that are
 * not known here are passed on without being measured. */
const kernel_table *timed_kernels(const kernel_table *inside, timed_result *into);

#endif
