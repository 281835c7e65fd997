/* cost_model: what a hardware model fills in. Pure functions of one layer's geometry and its expected choices;
 * everything in double. Models live in hw_models/, one file each; cost_total.h sums them over a network.
 *
 * Every model has two conventions. Exact: the plain formula and slopes that fit it. Reference: the published
 * implementation with its stabilisers (n / (n + 1e-6)) and its slopes, for comparison (method.md section 9, rows 6-8).
 * hw_models/README.md lists what differs. */
#ifndef CORE_COST_COST_MODEL_H
#define CORE_COST_COST_MODEL_H

#include <stdbool.h>

/* Weight precisions 0, 2, 4, 8 bit and activation precisions 2, 4, 8 bit, in this order everywhere. */
enum { COST_WEIGHT_PRECISIONS = 4, COST_ACTIVATION_PRECISIONS = 3 };

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
    double channels[COST_WEIGHT_PRECISIONS]; /* n_w: output channels at 0, 2, 4, 8 bit; their sum is out_channels */
    double kept;                             /* C_eff = out_channels - n_0 */
    double in_kept;                          /* Cin_eff of the producer, times the spatial size behind a flatten */
    double activation[COST_ACTIVATION_PRECISIONS]; /* probability of each precision of the layer's input; sums to 1 */
} cost_choice;

/* Partial derivatives, `channels[0]` without the way through `kept` (cost_total adds d/d kept * -1). */
typedef struct {
    double channels[COST_WEIGHT_PRECISIONS], kept, in_kept, activation[COST_ACTIVATION_PRECISIONS];
} cost_slope;

typedef struct cost_model cost_model;
struct cost_model {
    const char *name; /* "size" */
    const char *unit; /* "bits"; the column is name_unit */
    const char *description;
    /* Cost of one layer; adds nothing to *slope, overwrites it (slope may be NULL). */
    double (*layer)(const cost_model *self, const cost_layer *l, const cost_choice *c, bool reference,
                    cost_slope *slope);
    const void *context; /* what `layer` needs besides, such as a user's table: lives as long as the model; else NULL */
    bool in_kept_detached; /* the gradient does not flow into the producer's choices (method.md 4.1) */
    bool stepped;          /* rises in steps (tiles): slopes are straight-through, and channels may move to a higher
                            * precision at no cost (cost_refine.h) */
};

#endif
