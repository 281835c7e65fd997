/* point_network: the network of a finished task, as it was evaluated at its end: in float, with fake quantisation and
 * without its removed channels; or, of a warm-up, the float network itself. */
#ifndef CORE_DEPLOY_POINT_NETWORK_H
#define CORE_DEPLOY_POINT_NETWORK_H

#include "core/net/model/compact.h"
#include "core/task/record.h"
#include "core/train/stage.h"

typedef struct {
    model full;
    compact pruned;
    real *values, *small; /* of full and pruned.model; owned */
} point_network;

/* `from`: settings, graph, kernels, task and kind of what the record is of; the rest is not used. capacity: images of
 * one forward pass. use: MODEL_FOR_TRAINING keeps what every layer puts out. *out stays where it is and is to be closed
 * after success. STATUS_DATA: the record does not hold the network. */
MUST_CHECK status point_network_open(point_network *out, const trainer_inputs *from, const record *rec, int capacity,
                                     model_use use);
void point_network_close(point_network *p);

/* Logits (images, classes) of what stands in model_input(point_network_model(p)); borrowed until the next call. */
const real *point_network_run(point_network *p, int images);

static inline model *point_network_model(point_network *p)
{
    return &p->pruned.model;
}

#endif
