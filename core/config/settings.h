/* settings: a sweep configuration as typed values. One table of keys (settings_keys.c) gives parsing, checks, defaults,
 * help and the resolved text; no other module sees libconfig. Paths in a configuration are relative to its file. */
#ifndef CORE_CONFIG_SETTINGS_H
#define CORE_CONFIG_SETTINGS_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

#include "core/base/arithmetic.h"
#include "core/base/status.h"

enum {
    MAX_PRECISIONS = 4,
    MAX_SEEDS = 64,
    MAX_ENTRIES = 64,
    MAX_STRENGTHS = 256,
    MAX_DROPS = 8,
    MAX_NAME = 64,
    MAX_PATH_TEXT = 1024
};

typedef enum { OPTIMIZER_ADAM, OPTIMIZER_SGD } optimizer_kind;              /* "adam" | "sgd" */
typedef enum { SELECT_ACCURACY, SELECT_LOSS, SELECT_TOTAL_LOSS } selection; /* "accuracy" | "loss" | "total_loss" */

/* How the search draws probabilities from its logits (method.md 1.3). */
typedef enum {
    SAMPLING_SOFTMAX,    /* "softmax" */
    SAMPLING_ARGMAX,     /* "argmax": one-hot, gradient of the softmax */
    SAMPLING_GUMBEL,     /* "gumbel": softmax of logits with Gumbel noise */
    SAMPLING_HARD_GUMBEL /* "hard_gumbel": one-hot of the noisy softmax, gradient of the noisy softmax */
} sampling_kind;

/* One training phase: warm-up, search or fine-tuning (method.md 5). */
typedef struct {
    int epochs;
    optimizer_kind optimizer;
    double learning_rate;
    double momentum;            /* sgd only */
    double weight_decay;        /* L2, added to the gradient; not on clips */
    double learning_rate_decay; /* factor after each epoch */
    int drop_count; /* extra factors: after epoch drop_epochs[i] the rate is multiplied by drop_factors[i] */
    int drop_epochs[MAX_DROPS];
    double drop_factors[MAX_DROPS];
    selection select; /* which epoch is kept; always measured on the discrete network, on the validation split */
    int patience;     /* epochs without improvement before stopping early; 0 = never */
    int first_candidate_epoch; /* first epoch index that may be selected; -1 = 21 if epochs > 21, else 0 (method.md 5.1,
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
    bool strength_incremental;                  /* method.md 5.1: rises to the full strength over the first half */
    bool normalize_cost;                        /* unit-free strengths, architecture.md 7 */
    bool keep_alive;                            /* method.md 4.11: never prune a whole group */
    bool refine;                                /* method.md 4.7: free promotions after the search, on tiled hardware */
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
 * "model" (as published for each) | "attached" | "detached"; method.md 4.1 */
typedef enum { INPUT_SLOPE_OF_MODEL, INPUT_SLOPE_ATTACHED, INPUT_SLOPE_DETACHED } input_slope;

typedef struct {
    input_slope input_slope;
    throughput_settings lut;
} cost_settings;

typedef struct {
    double rotate_degrees; /* uniform in [-r, r], nearest neighbour, zero fill; 0 = off */
    double shift_fraction; /* each axis round(uniform(-f*size, f*size)) pixels, zero fill; 0 = off */
    bool flip;             /* horizontal, probability 1/2 */
    bool validation;       /* also augment validation images (the reference does) */
} augment_settings;

/* One line of the sweep: strategy x strengths (or bits) x seeds. */
typedef struct {
    char strategy[MAX_NAME];   /* "joint" | "mixprec" | "layerwise" | "fixed" */
    char cost_model[MAX_NAME]; /* "size", ... ; checked against the registry by the plan */
    int strength_count;        /* not for fixed */
    double strengths[MAX_STRENGTHS];
    int bits_count; /* fixed only: one task per entry */
    int bits[MAX_PRECISIONS];
    int line; /* in the configuration file, for messages */
} sweep_entry;

typedef struct {
    char path[MAX_PATH_TEXT]; /* of the configuration file */
    char name[MAX_NAME];
    char network[MAX_PATH_TEXT]; /* file, resolved against the directory of `path` */
    char data[MAX_PATH_TEXT];    /* prepared data set, resolved likewise */
    arithmetic arithmetic;
    int batch;          /* images per optimiser step, over all ranks of a group */
    int shards;         /* power of two; the unit of summation and the largest group */
    int segment_steps;  /* steps between checkpoints; 0 = a whole epoch */
    bool class_weights; /* weight the loss by inverse class frequency of the training split */
    int seed_count;
    uint64_t seeds[MAX_SEEDS];
    augment_settings augment;
    phase_settings warmup, search_phase, finetune;
    search_settings search;
    cost_settings cost;
    int entry_count;
    sweep_entry entries[MAX_ENTRIES];
} settings;

/* Reads and checks `path`; `overrides` are "section.key=value" texts from the command line, applied after the file.
 * Errors name file and line (or the override), the key, the allowed range, and the nearest known key if it is close. */
MUST_CHECK status settings_load(settings *out, const char *path, const char *const *overrides, int override_count);

/* The same for a text; `origin` stands in front of errors. Paths stay as they are; *out is zero before. */
MUST_CHECK status settings_parse(settings *out, const char *text, const char *origin);

/* The resolved configuration in libconfig syntax, one setting a line, every default written out, paths as given in
 * `settings`; loading it gives the same settings. The caller frees *out. */
MUST_CHECK status settings_text(char **out, const settings *s);

/* Compares two resolved texts (from settings_text); on difference fails with the names of the differing keys. Keys that
 * cannot change a result (name, the directories of network and data) are ignored. */
MUST_CHECK status settings_same(const char *stored, const char *current);

/* Every key with type, unit, range, default and meaning, for `bitfront plan --help-config` and configs/example.cfg. */
void settings_help(FILE *out);

#endif
