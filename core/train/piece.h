/* piece: how many images go through the quantised network at a time. Without batch-norm the images of a shard do not
 * meet, so a shard is computed in pieces that fit the cache, and their gradients are added in order. A function of
 * network and settings only: the sums, and so the results, do not depend on the machine. */
#ifndef CORE_TRAIN_PIECE_H
#define CORE_TRAIN_PIECE_H

#include "core/net/graph/graph.h"

/* 1 ... shard_images: such that what neighbouring layers hold stays in a second-level cache. The whole shard where no
 * piece does, or where it would be so small that adding `parameters` gradients once more costs too much. */
int piece_images(const graph *g, size_t parameters, int shard_images);

#endif
