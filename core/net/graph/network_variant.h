/* network_variant: a network file used for something else than it was written for: wider or narrower, for another
 * number of classes, for images of another size. */
#ifndef CORE_NET_GRAPH_NETWORK_VARIANT_H
#define CORE_NET_GRAPH_NETWORK_VARIANT_H

#include "core/base/status.h"
#include "core/net/graph/network_file.h"

typedef struct {
    double width;                       /* factor of every number of channels but the output's; 1: as in the file */
    int classes;                        /* 0: as in the file */
    int height, width_pixels, channels; /* of the image; 0: as in the file */
} network_variant;

/* As in the file. */
static inline network_variant network_variant_none(void)
{
    return (network_variant){.width = 1};
}

/* Numbers of channels become multiples of 4 (vectors of the kernels, words of targets), at least 4. The output is what
 * the last layers with weights give: it has one channel a class. A network of another width is called NAME-xWIDTH.
 * STATUS_CONFIG: the name becomes too long, or a number of channels too large. */
MUST_CHECK status network_variant_apply(network_file *file, const network_variant *v);

#endif
