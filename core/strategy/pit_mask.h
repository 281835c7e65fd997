/* pit_mask: structured pruning of the float network by trainable masks (Risso et al., "Pruning in time (PIT)", DAC
 * 2021, for the channels of 2-D networks).
 *
 * Every channel c of a sharing group that may be pruned has a number m_c, 1 at first:
 *   theta_c = |m_c|, but 1 for the last channel of a group, which stays;  mask z_c = 1 if theta_c > 1/2, else 0
 * The outputs of all layers of the group are multiplied by z (behind batch-norm: scale and shift; without it: weights
 * and bias), with the gradient of the identity: dL/dtheta_c = sum over those layers and numbers of value * dL/d(masked
 * value). Beside it stands the cost of theta, as channels of 8 bit, with slopes by the number of channels, of a layer
 * and of those that read it. Masks are trained by Adam without weight decay.
 *
 * The published form masks the weights alone, so that a pruned channel still emits its shift (or bias) until it is
 * removed. */
#ifndef CORE_STRATEGY_PIT_MASK_H
#define CORE_STRATEGY_PIT_MASK_H

#include "core/train/stage.h"

/* The keys of entries whose tasks train masks; where they lie in sweep_entry.options. */
typedef struct {
    double mask_learning_rate;
    int masked; /* 0: all, 1: weights only */
} pit_options;

static inline const pit_options *pit_options_of(const sweep_entry *e)
{
    return (const pit_options *)(const void *)e->options;
}

/* The search; then fine-tuning as float with the pruned channels kept at 0. The second one keeps, as state, 1 for every
 * pruned channel of all sharing groups, else 0. */
extern const stage pit_search_stage, pit_tune_stage;

/* Reads that state from the record of a task that ended with pit_tune_stage: (channels of all groups). STATUS_DATA when
 * it has none that fits. */
MUST_CHECK status pit_pruned_read(bool *pruned, const trainer *t, const record *from);

#endif
