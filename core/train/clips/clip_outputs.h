/* clip_outputs: what rules for clips share: the outputs that are quantised, as the float network computes them for some
 * training images, and the clips of the sharing groups, each the largest of its tensors'. */
#ifndef CORE_TRAIN_CLIPS_CLIP_OUTPUTS_H
#define CORE_TRAIN_CLIPS_CLIP_OUTPUTS_H

#include "core/train/clips/clip_rule.h"

/* Is the output of this layer quantised with the clips of a group? */
bool clip_outputs_counts(const model *quantized, int layer);

/* Some images of the training split, evenly spread, without augmentation, through the float network: `see` gets `count`
 * values of a counted layer at a time. */
void clip_outputs_visit(const clip_sources *from, void (*see)(void *ctx, int layer, const real *values, size_t count),
                        void *ctx);

/* All clips of groups, of every precision, to the smallest allowed one ... */
void clip_outputs_clear(const model *quantized, real *values);

/* ... and those of the layer's group to at least `clip`. */
void clip_outputs_raise(const model *quantized, real *values, int layer, real clip);

#endif
