/* export_arrays: the numbers of an integer network as named arrays, and its graph as JSON: what the formats npz and h5
 * hold. Of a layer NAME:
 *
 *   NAME/codes         int8     (O, KH, KW, C), depthwise (C, KH, KW): weights, not packed; O in the order of the
 * network NAME/packed        uint8    (bytes): the same, blocks one behind the other, as target/int_kernels.h says
 *   NAME/weight_bits   int8     (O): precisions as they were chosen
 *   NAME/weight_step   float64  (O): real weight = code * step, batch-norm included
 *   NAME/bias          int32    (O), in the unit of the sum
 *   NAME/multiplier    int32    (O); not of a layer whose sums become logits
 *   image/table        uint8    (256): code of a sample, by its byte; image/order int32 (C) where channels move
 *   @logits/multiplier, @logits/order  int32: of the last step
 *   @test/images       uint8    (N, H, W, C): samples of the first test images; @test/logits int32 (N, classes)
 */
#ifndef CORE_DEPLOY_EXPORT_ARRAYS_H
#define CORE_DEPLOY_EXPORT_ARRAYS_H

#include "core/deploy/exporter.h"
#include "core/io/h5.h"

typedef struct {
    const char *group, *name; /* "b1.c1", "codes" */
    h5_type type;
    int rank;
    size_t dims[4];
    const void *data;
    h5_about about;
} export_array;

/* Calls `add` for every array; the first failure ends it. */
typedef status (*export_array_sink)(void *ctx, const export_array *a);
MUST_CHECK status export_arrays(const export_inputs *in, export_array_sink add, void *ctx);

/* The graph, with everything that is no array; the caller frees *text. */
MUST_CHECK status export_graph_json(char **text, const export_inputs *in);

#endif
