/* predict: what a network takes the images of a split for. */
#ifndef CORE_DEPLOY_PREDICT_H
#define CORE_DEPLOY_PREDICT_H

#include "core/data/dataset.h"
#include "core/deploy/integer_network.h"
#include "core/deploy/point_network.h"

/* classes[split_count]: the first largest logit of each image, without augmentation, in float with fake quantisation;
 * data and network fit together. */
MUST_CHECK status predict_float(int *classes, point_network *p, const dataset *data, split which);

/* The class that logits of integers tell. */
static inline int predict_first_largest(const int32_t *logits, int classes)
{
    int best = 0;
    for (int c = 1; c < classes; c++)
        if (logits[c] > logits[best]) best = c;
    return best;
}

/* The same by the integer network. */
MUST_CHECK status predict_integer(int *classes, const integer_network *n, const dataset *data, split which);

/* Samples of one image, as integer_engine_run takes them. */
static inline const void *predict_samples(const dataset *data, int32_t sample)
{
    const size_t size = (size_t)data->height * (size_t)data->width * (size_t)data->channels;
    return (const uint8_t *)data->samples + (size_t)sample * size;
}

#endif
