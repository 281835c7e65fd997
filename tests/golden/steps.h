/* steps: what the tests of resnet8_step.h5 and dscnn_step.h5 probability: the two networks, their names in the vectors,
 * and values read from there into our blocks. */
#ifndef TESTS_GOLDEN_STEPS_H
#define TESTS_GOLDEN_STEPS_H

#include "core/net/model/model.h"
#include "tests/golden/golden.h"

enum { STEP_SUBJECTS = 2, STEP_LAYERS = 10 };

typedef struct {
    const char *ours, *conv,
        *bn; /* layer here; names of its convolution and batch-norm in the vectors, bn NULL: none */
} step_layer;

typedef struct {
    const char *file, *network;
    step_layer layers[STEP_LAYERS]; /* those with weights, in execution order */
    bool class_weights;
    bool searched_input; /* search_a248 searches the input's precision, too */
    const char *traced;  /* the stage with a trace */
} step_subject;

extern const step_subject step_subjects[STEP_SUBJECTS];

typedef struct {
    const step_subject *s;
    h5_id file;
    graph g;
    model float_model, search_model;         /* in reference arithmetic */
    real *float_values, *values, *gradients; /* gradients: room for either layout */
    int images;                              /* of the batch in the file */
    int32_t *labels;                         /* (images) */
    real class_weight[16];
    double weight; /* of the whole batch */
    int failures;
} step_fixture;

void step_open(step_fixture *f, const step_subject *s);
void step_close(step_fixture *f);

/* The search model of a stage: search_a8, or search_a248 (finetune_a248 uses the same). */
void step_open_search(step_fixture *f, bool searched_activations);
void step_close_search(step_fixture *f);

/* Ends the program as failed. */
void step_must(status s);

/* Our number of layer i of the subject; whether its weights are (C,1,H,W). */
int step_layer_index(const step_fixture *f, int i);
bool step_is_depthwise(const step_fixture *f, int layer);

/* A golden tensor of weights in our order. */
golden_tensor step_read_weight(const step_fixture *f, int i, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

void step_put(real *block, const model *m, int tensor, golden_tensor t); /* frees t */
void step_check(step_fixture *f, const model *m, const real *block, int tensor, golden_tensor wanted, double tolerance,
                const char *what); /* frees wanted */

/* warmup/param and warmup/running_before into float_values. */
void step_load_warmup(step_fixture *f);
/* STAGE/init and converted/layers into values. The search starts from the vectors' converted weights: another last bit
 * moves codes across a rounding tie. */
void step_load_search(step_fixture *f, const char *stage);
void step_load_images(step_fixture *f, model *m);

/* Reads every tensor of the search network's values from below `path` (layers/, wq/, aq/) into a block. */
void step_load_block(step_fixture *f, real *block, const char *path);

/* Calls visit for every choice and clip tensor, with its place in the vectors ("wq/conv1/alpha"). */
typedef void (*step_visitor)(step_fixture *f, int tensor, const char *place, void *context);
void step_visit_choices(step_fixture *f, step_visitor visit, void *context);

#endif
