/* export_h5: an integer network as DIR/network.h5: the arrays of export_arrays.h, the graph as a text
 * called "graph". */
#ifndef CORE_DEPLOY_EXPORT_H5_H
#define CORE_DEPLOY_EXPORT_H5_H

#include "core/deploy/exporter.h"

extern const exporter exporter_h5;

#endif
