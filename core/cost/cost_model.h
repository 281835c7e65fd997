/* cost_model: what a hardware model fills in. Pure functions of one layer's geometry and its expected choices;
 * everything in double. Models live in hw_models/, one file each; cost_total.h sums them over a network.
 *
 * Every model has two conventions. Exact: the plain formula and slopes that fit it. Reference: the published
 * implementation with its stabilisers (n / (n + 1e-6)) and its slopes, for comparison (METHOD.md section 9, rows 6-8).
 * hw_models/README.md lists what differs. */
#ifndef CORE_COST_COST_MODEL_H
#define CORE_COST_COST_MODEL_H

#include <stdbool.h>
#include <stddef.h>
#include <string.h>

/* Arrays over precisions are indexed by the number of bits: weights 0 (pruned) ... 8, activations 0 (never) ... 16. */
enum { COST_WEIGHT_BITS = 9, COST_ACTIVATION_BITS = 17 };

typedef enum { COST_CONV, COST_DEPTHWISE, COST_LINEAR } cost_kind;
enum { COST_KINDS = 3 };

typedef struct {
    cost_kind kind;
    int kernel_h, kernel_w;        /* 1 for linear */
    int in_channels, out_channels; /* of the unpruned layer */
    int out_height, out_width;     /* 1 for linear */
    bool bias;                     /* with batch-norm folded in */
} cost_layer;

/* Expected choices of one layer (integers for a discrete network). */
typedef struct {
    double channels[COST_WEIGHT_BITS];       /* n_w: output channels at w bit; their sum is out_channels */
    double kept;                             /* C_eff = out_channels - n_0 */
    double in_kept;                          /* Cin_eff of the producer, times the spatial size behind a flatten */
    double activation[COST_ACTIVATION_BITS]; /* probability of each precision of the layer's input; sums to 1 */
} cost_choice;

/* Partial derivatives, `channels[0]` without the way through `kept` (cost_total adds d/d kept * -1). */
typedef struct {
    double channels[COST_WEIGHT_BITS], kept, in_kept, activation[COST_ACTIVATION_BITS];
} cost_slope;

typedef struct cost_model cost_model;
struct cost_model {
    const char *name; /* "size" */
    const char *unit; /* "bits"; the column is name_unit */
    const char *description;
    /* Cost of one layer; overwrites *slope (may be NULL), with 0 for precisions that are not defined. Not a number when
     * the layer has channels at a precision that is not defined. */
    double (*layer)(const cost_model *self, const cost_layer *l, const cost_choice *c, bool reference,
                    cost_slope *slope);
    /* Does the model say what weights of w bit (1 ... 8) cost with inputs of a bit? NULL: of any. */
    bool (*defined)(const cost_model *self, int weight_bits, int activation_bits);
    const void *context; /* what `layer` needs besides, such as a user's table: lives as long as the model; else NULL */
    double per_live_bit; /* instead of `layer`, for memory of activations: cost of one bit that lives at the step of the
                          * network with the most of them (cost_peak.h); 0: the layers are summed */
    bool in_kept_detached; /* the gradient does not flow into the producer's choices (METHOD.md 4.1) */
    bool stepped;          /* rises in steps (tiles): slopes are straight-through, and channels may move to a higher
                            * precision at no cost (cost_refine.h) */
};

/* In a NULL-terminated list, by name; NULL when it is not there. */
static inline const cost_model *cost_list_find(const cost_model *const *list, const char *name)
{
    for (; *list != NULL; list++)
        if (strcmp((*list)->name, name) == 0) return *list;
    return NULL;
}

#endif
