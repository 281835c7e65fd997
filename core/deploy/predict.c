#include "core/deploy/predict.h"

#include <stdlib.h>

#include "core/data/batch.h"
#include "core/deploy/integer_engine.h"

static int first_largest(const real *logits, int classes)
{
    int best = 0;
    for (int c = 1; c < classes; c++)
        if (logits[c] > logits[best]) best = c;
    return best;
}

status predict_float(int *classes, point_network *p, const dataset *data, split which)
{
    model *m = point_network_model(p);
    const int capacity = m->options.capacity, count = data->split_count[which];
    int32_t *labels = malloc((size_t)capacity * sizeof *labels);
    if (labels == NULL) return status_fail(STATUS_MEMORY, "no memory for the labels of %d images", capacity);
    for (int first = 0; first < count; first += capacity) {
        const int n = count - first < capacity ? count - first : capacity;
        batch_load(model_input(m), labels, data, data->split_index[which] + first, n, NULL, 0, 0);
        const real *logits = point_network_run(p, n);
        for (int i = 0; i < n; i++)
            classes[first + i] = first_largest(logits + (size_t)i * (size_t)data->classes, data->classes);
    }
    free(labels);
    return status_ok();
}

status predict_integer(int *classes, const integer_network *n, const dataset *data, split which)
{
    integer_engine *e;
    TRY(integer_engine_open(&e, n, int_table_choose(NULL), false));
    int32_t logits[DATASET_MAX_CLASSES];
    for (int i = 0; i < data->split_count[which]; i++) {
        integer_engine_run(e, logits, predict_samples(data, data->split_index[which][i]));
        classes[i] = predict_first_largest(logits, n->classes);
    }
    integer_engine_close(e);
    return status_ok();
}
