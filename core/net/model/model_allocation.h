/* model_allocation: between the choices of a model and an allocation. */
#ifndef CORE_NET_MODEL_MODEL_ALLOCATION_H
#define CORE_NET_MODEL_MODEL_ALLOCATION_H

#include "core/net/graph/allocation.h"
#include "core/net/model/model.h"

/* What a model chooses that was prepared in a discrete mode. `out` is of the model's graph. Groups without weights and
 * quantisers that are not used keep what they have. */
void model_allocation_read(allocation *out, const model *m);

/* Overwrites the logits of one group in a block of values by 1 at the chosen precision of each channel, 0 elsewhere
 * (SAMPLING_BITS: by the number of bits).
 * bits[channels of the group] are among the group's candidates. With one choice for all channels bits[0] counts. */
void model_allocation_write_group(const model *m, real *values, int group, const int8_t *bits);

/* Likewise the precision of every activation quantiser that is used (numbers of bits with activation_numbers):
 * bits[group_count + 1], among its candidates. */
void model_allocation_write_activations(const model *m, real *values, const int8_t *bits);

#endif
