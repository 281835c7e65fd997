/* cmd_bench_load: what a benchmark trains: a network, the settings of a sweep with one point, and random images. */
#ifndef MPI_BENCH_CMD_BENCH_LOAD_H
#define MPI_BENCH_CMD_BENCH_LOAD_H

#include "core/base/status.h"
#include "core/config/settings.h"
#include "core/data/dataset.h"
#include "core/net/graph/graph.h"

/* Loads the network file `name`, or the one of that name that came with the program. */
MUST_CHECK status bench_network(graph *out, const char *name);

/* Floating-point operations for one image: forward only, or with the gradients of all weights and of the inputs of all
 * layers but those behind the image. */
double bench_operations(const graph *g, bool training);

typedef struct {
    const char *cost, *activations; /* "size"; "2,4,8" */
    const char *quantizer;          /* of the section quantizer; NULL: the defaults */
    int batch, shards;              /* shards 0: the default */
    bool augment;
    int search_epochs;
} bench_choice;

/* The settings of a sweep with this one point; everything else at its default. */
MUST_CHECK status bench_settings(settings *out, const bench_choice *choice);

/* A data set in memory. The training and the validation split may be shortened and lengthened again, up to the lengths
 * they have at first: `view` is not const for that. */
typedef struct {
    dataset view;
    unsigned char *samples; /* owned, as the others */
    int32_t *labels, *index;
} bench_images;

enum { BENCH_TRAIN_IMAGES = 50000, BENCH_VALIDATION_IMAGES = 10000 }; /* the sizes of CIFAR-10 */

MUST_CHECK status bench_images_make(bench_images *out, const graph *g);
void bench_images_free(bench_images *images);

#endif
