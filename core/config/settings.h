/* settings: a sweep configuration as typed values. One table of keys (settings_keys.c) gives parsing, checks, defaults,
 * help and the resolved text; no other module sees libconfig. Paths in a configuration are relative to its file. */
#ifndef CORE_CONFIG_SETTINGS_H
#define CORE_CONFIG_SETTINGS_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

#include "core/base/arithmetic.h"
#include "core/base/quantizer_rules.h"
#include "core/base/status.h"

enum {
    MAX_PRECISIONS = 9,
    MAX_SEEDS = 64,
    MAX_ENTRIES = 64,
    MAX_STRENGTHS = 256,
    MAX_DROPS = 64,
    MAX_RULES = 16,
    MAX_NAME = 64,
    MAX_NETWORKS = 8, /* files of an entry of the sweep, and widths of each */
    MAX_PATH_TEXT = 1024
};
#define NETWORK_WIDTH_LOW 0.01
#define NETWORK_WIDTH_HIGH 64.0

typedef enum { OPTIMIZER_ADAM, OPTIMIZER_SGD } optimizer_kind;              /* "adam" | "sgd" */
typedef enum { SELECT_ACCURACY, SELECT_LOSS, SELECT_TOTAL_LOSS } selection; /* "accuracy" | "loss" | "total_loss" */

/* Shape of the learning rate over a phase: core/train/schedule.h. */
typedef enum {
    SCHEDULE_EXPONENTIAL, /* "exponential": decays after each epoch */
    SCHEDULE_CONSTANT,    /* "constant" */
    SCHEDULE_LINEAR,      /* "linear": to 0 */
    SCHEDULE_COSINE,      /* "cosine": half a wave to 0 */
    SCHEDULE_ONE_CYCLE    /* "one_cycle": linear with a warm-up by default */
} schedule_kind;

/* How the search draws probabilities from its logits (METHOD.md 1.3). */
typedef enum {
    SAMPLING_SOFTMAX,     /* "softmax" */
    SAMPLING_ARGMAX,      /* "argmax": one-hot, gradient of the softmax */
    SAMPLING_GUMBEL,      /* "gumbel": softmax of logits with Gumbel noise */
    SAMPLING_HARD_GUMBEL, /* "hard_gumbel": one-hot of the noisy softmax, gradient of the noisy softmax */
    SAMPLING_BITS         /* for strategies, not for configurations: a real number of bits (choice_bits.h) */
} sampling_kind;

/* One training phase: warm-up, search or fine-tuning (METHOD.md 5). */
typedef struct {
    int epochs;
    optimizer_kind optimizer;
    double learning_rate; /* the peak */
    double momentum;      /* sgd only */
    bool nesterov;        /* sgd only */
    double weight_decay;  /* L2, added to the gradient; not on clips */
    bool decay_norm;      /* weight decay also on the scale and shift of batch-norm */
    schedule_kind schedule;
    double warmup_fraction;     /* of the phase's steps, in which the rate rises from 0; < 0: the shape's own */
    double learning_rate_decay; /* exponential: factor after each epoch */
    int drop_count; /* extra factors: after epoch drop_epochs[i] the rate is multiplied by drop_factors[i] */
    int drop_epochs[MAX_DROPS];
    double drop_factors[MAX_DROPS];
    double label_smoothing; /* this part of a label's weight is spread over all classes */
    double average;         /* window of the moving average of all values, as a part of the phase's steps; 0: none */
    int reestimate_batches; /* batch-norm statistics of an epoch that may be kept: from so many batches; 0: running */
    double distill;         /* part of the loss that is distillation from the warm-up network; not in the warm-up */
    double distill_temperature;
    double weight_noise; /* of the fine-tuning alone: this part of the weights is noisy in a step (weight_noise.h) */
    int gradual;      /* of the fine-tuning alone: epochs until the next layer is quantised; 0: all are (schedule.h) */
    bool integer;     /* of the fine-tuning alone: it computes with the integers that are exported */
    selection select; /* which epoch is kept; always measured on the discrete network, on the validation split */
    int patience;     /* epochs without improvement before stopping early; 0 = never */
    int first_candidate_epoch; /* first epoch index that may be selected; -1 = 21 if epochs > 21, else 0 (METHOD.md 5.1,
                                * whose rule would keep none of exactly 21 epochs) */
} phase_settings;

/* What only the search has. */
typedef struct {
    int activation_count; /* candidate activation precisions, ascending, of {2,4,8} */
    int activation_bits[MAX_PRECISIONS];
    int input_count; /* of the input quantiser */
    int input_bits[MAX_PRECISIONS];
    double logit_learning_rate, logit_momentum; /* SGD on the choices */
    double temperature, temperature_factor;     /* softmax temperature, multiplied by the factor after each epoch */
    sampling_kind sampling;                     /* of the choices, in training; evaluation is always discrete */
    bool calibrate_input;                       /* clips of a signed input start at the range of the training split */
    bool strength_incremental;                  /* METHOD.md 5.1: rises to the full strength over the first half */
    bool normalize_cost;                        /* unit-free strengths: cost / cost at the highest precision */
    bool keep_alive;                            /* METHOD.md 4.11: never prune a whole group */
    bool refine;                                /* METHOD.md 4.7: free promotions after the search, on tiled hardware */
} search_settings;

/* A processor as a table: multiply-accumulates per cycle; rows activations, columns weights of 2, 4, 8 bit. */
enum { THROUGHPUT_SIDE = 3 };
typedef struct {
    char name[MAX_NAME];                        /* of the processor, for people */
    int conv_rows, depthwise_rows, linear_rows; /* THROUGHPUT_SIDE, or 0: no processor; as conv; as conv */
    double conv[THROUGHPUT_SIDE][THROUGHPUT_SIDE], depthwise[THROUGHPUT_SIDE][THROUGHPUT_SIDE],
        linear[THROUGHPUT_SIDE][THROUGHPUT_SIDE];
    double clock_hz; /* above 0: the cost is in seconds; 0: in cycles */
} throughput_settings;

/* Does the cost's gradient reach the precisions of the producing layer, through the number of input channels?
 * "model" (as published for each) | "attached" | "detached"; METHOD.md 4.1 */
typedef enum { INPUT_SLOPE_OF_MODEL, INPUT_SLOPE_ATTACHED, INPUT_SLOPE_DETACHED } input_slope;

typedef struct {
    input_slope input_slope;
    throughput_settings lut;
} cost_settings;

typedef enum { FIRST_LAYER_RANDOM, FIRST_LAYER_WHITENED } first_layer_kind; /* "random" | "whitened" */

typedef enum { CROP_ZERO, CROP_REFLECT } crop_fill; /* "zero" | "reflect": mirrored at the outermost pixel */

typedef struct {
    double rotate_degrees; /* uniform in [-r, r], nearest neighbour, zero fill; 0 = off */
    double shift_fraction; /* each axis round(uniform(-f*size, f*size)) pixels, zero fill; 0 = off */
    bool flip;             /* horizontal, probability 1/2 */
    bool alternating_flip; /* horizontal, every second epoch; half of the images begin with the first */
    int crop_pixels;       /* each axis uniform over -n ... n whole pixels; 0 = off */
    crop_fill crop_fill;   /* what a crop shows outside the image */
    double resized_crop;   /* least part of the area in a random-resized crop; 0 = off */
    int time_shift;        /* rows, uniform over -n ... n; 0 = off */
    double colour_jitter;  /* brightness, contrast, saturation by factors in 1-j ... 1+j; 0 = off */
    double noise;          /* standard deviation in real values; 0 = off */
    int cutout_pixels;     /* side of a square of zeros; 0 = off */
    bool validation;       /* also augment validation images (the reference does) */
} augment_settings;

/* Ends runs that cannot reach the front; not a part of any task's identity (core/sweep/stopping.h). */
typedef struct {
    int eta;     /* of `eta` runs about one goes on at each rung; 0: nothing is stopped */
    int first;   /* epochs of the last stage at the first rung; the next ones at eta times as many */
    int control; /* every so many-th run is never stopped; 0: none */
} stopping_settings;

/* One entry of the sweep: a strategy with what its tasks are told apart by, such as strengths or bits, and seeds. Which
 * members an entry has, its strategy says (entry.h). */
enum { ENTRY_OPTION_BYTES = 640, MAX_TARGETS = 32 };

typedef struct {
    char strategy[MAX_NAME];
    char cost_model[MAX_NAME]; /* "size", ...; "none" */
    int network_count;         /* files; 0: that of the settings */
    char networks[MAX_NETWORKS][MAX_PATH_TEXT];
    int width_count; /* of each of them; 0: that of the settings */
    double widths[MAX_NETWORKS];
    int strength_count;
    double strengths[MAX_STRENGTHS];
    int bits_count;
    int bits[MAX_PRECISIONS];
    int precision_count; /* candidates of weights, ascending; 0: those of the strategy */
    int precisions[MAX_PRECISIONS];
    int target_count; /* budgets: "32 kB", "90 % of w4" */
    char targets[MAX_TARGETS][MAX_NAME];
    int line;                                          /* in the configuration file, for messages */
    _Alignas(double) char options[ENTRY_OPTION_BYTES]; /* the strategy's own */
} sweep_entry;

typedef struct {
    char path[MAX_PATH_TEXT];   /* of the configuration file */
    char recipe[MAX_PATH_TEXT]; /* the file that was taken in (recipe.h); "": none */
    char name[MAX_NAME];
    char network[MAX_PATH_TEXT];                            /* file, resolved against the directory of `path` */
    double width;                                           /* factor of its numbers of channels */
    int classes, input_height, input_width, input_channels; /* of the network; 0: as in the file */
    char data[MAX_PATH_TEXT];                               /* prepared data set, resolved likewise */
    arithmetic arithmetic;
    int published_rule_count; /* of arithmetic.h, in their order there: as published although arithmetic is exact */
    char published_rules[MAX_RULES][MAX_NAME];
    int batch;          /* images per optimiser step, over all ranks of a group */
    int shards;         /* power of two; the unit of summation and the largest group */
    int segment_steps;  /* steps between checkpoints; 0 = a whole epoch */
    bool class_weights; /* weight the loss by inverse class frequency of the training split */
    int seed_count;
    uint64_t seeds[MAX_SEEDS];
    augment_settings augment;
    first_layer_kind first_layer;                         /* of the warm-up: where its weights start */
    phase_settings warmup, search_phase, trunk, finetune; /* trunk.epochs: in which the budget halves */
    search_settings search;
    quantizer_rules quantizer;
    cost_settings cost;
    stopping_settings stopping;
    int entry_count;
    sweep_entry entries[MAX_ENTRIES];
} settings;

#endif
