/* clip_rule: the interface of the rules for activation clips: one file each in this folder, one line in
 * core/base/clip_rule_list.h. All functions are pure functions of network and data: every rank computes them alone,
 * with the same result. The clips of the input are none of theirs (calibrate.h). */
#ifndef CORE_TRAIN_CLIPS_CLIP_RULE_H
#define CORE_TRAIN_CLIPS_CLIP_RULE_H

#include <stdbool.h>

#include "core/base/status.h"
#include "core/data/dataset.h"
#include "core/net/model/model.h"

enum {
    CLIPS_CAPACITY = 8,      /* images at a time: what float_model is opened with where images are read */
    CLIPS_FOLLOW_STEPS = 100 /* steps of an epoch after which clips follow the network; its last one, too */
};

/* What a quantised network starts from. float_model: with the memory of training, may be left in MODEL_EVAL_FLOAT. */
typedef struct {
    const model *quantized;
    model *float_model;
    const real *float_values;
    const dataset *data;
} clip_sources;

typedef struct {
    bool trained;      /* by the gradient; else clips are what the functions below make of them */
    bool reads_images; /* at the start, through the float network */
    /* The clips in `values`, a converted network (model_convert). NULL: as they are. Fails where the float network's
     * values are not finite. */
    status (*start)(real *values, const clip_sources *from);
    /* The clips of a network in training, from its other values. NULL: they stay. */
    void (*follow)(const model *m, real *values);
} clip_rule;

const clip_rule *clip_rule_of(const quantizer_rules *rules);

/* In the step that completes `steps` of an epoch of steps_per_epoch. */
void clip_rule_follow(const model *m, real *values, int steps, int steps_per_epoch);

#endif
