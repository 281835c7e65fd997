/* sensitivity_stage: does the sensitivity metric of impq predict what lowering a precision does? On a trained discrete
 * network one channel after the other is lowered to its next candidate, alone; on images of the validation split is
 * measured how many decisions change and how far the gaps between logits move, and beside it stands what the three
 * metrics say (impq_harm.h). Measured before the first step of the stage, which then trains on for the task's epochs.
 */
#ifndef CORE_STRATEGY_SENSITIVITY_STAGE_H
#define CORE_STRATEGY_SENSITIVITY_STAGE_H

#include "core/config/settings.h"
#include "core/strategy/impq_options.h"
#include "core/train/stage.h"

/* The keys of an entry of strategy sensitivity. */
typedef struct {
    int kernels;
    int exact, repeats, samples; /* of the gains, as for impq */
} sensitivity_options;

static inline const sensitivity_options *sensitivity_options_of(const sweep_entry *e)
{
    return (const sensitivity_options *)(const void *)e->options;
}

extern const stage sensitivity_stage;

/* One channel that was lowered. */
typedef struct {
    int channel;                    /* in the order of an allocation */
    double mismatch;                /* fraction of images whose decision changes */
    double shift;                   /* mean over images of sum over k of ((d'_k - d_k) / max(|d_k|, d_min))^2 */
    double harm[IMPQ_RELEASED + 1]; /* by impq_metric */
} sensitivity_row;

/* Row i of what the record's last stage has kept. False: there are no more. */
bool sensitivity_read(sensitivity_row *out, const record *from, int i);

#endif
