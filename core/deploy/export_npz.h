/* export_npz: an integer network as DIR/network.npz: the arrays of export_arrays.h and the graph, which is an array of
 * bytes called "graph", for numpy.load; results/examples/run_integer_network.py reads and runs it. */
#ifndef CORE_DEPLOY_EXPORT_NPZ_H
#define CORE_DEPLOY_EXPORT_NPZ_H

#include "core/deploy/exporter.h"

extern const exporter exporter_npz;

#endif
