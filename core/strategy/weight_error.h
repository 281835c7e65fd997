/* weight_error: what the rounding of weights costs, as a sum of weighted squared errors. */
#ifndef CORE_STRATEGY_WEIGHT_ERROR_H
#define CORE_STRATEGY_WEIGHT_ERROR_H

#include "core/net/model/model.h"

/* Room for one layer of a network at a time; owned. */
typedef struct {
    real *quantized, *steps;
} weight_error_room;

MUST_CHECK status weight_error_open(weight_error_room *out, const graph *g);
void weight_error_close(weight_error_room *room);

/* error[channel] += sum over the rows of the layer's weight matrix of gain (w - Q_bits(w))^2, bits above 0. weight,
 * gain: (rows, channels). The grid is that of the network's rules: given steps are the best ones for these weights. */
void weight_error_add(double *error, const model *m, int layer, const real *weight, const real *gain, int bits,
                      const weight_error_room *room);

/* distance[channel] := between neighbouring levels of the same grid: its step, or two of them where codes are odd, as
 * at 1 bit. */
void weight_error_distances(double *distance, const model *m, int layer, const real *weight, int bits,
                            const weight_error_room *room);

#endif
