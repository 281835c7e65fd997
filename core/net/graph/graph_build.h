/* graph_build: from a network file to a graph: execution order, then shapes, then sharing groups (graph_groups.c). */
#ifndef CORE_NET_GRAPH_GRAPH_BUILD_H
#define CORE_NET_GRAPH_GRAPH_BUILD_H

#include "core/base/status.h"
#include "core/net/graph/graph.h"
#include "core/net/graph/network_file.h"

/* Reads and checks a network file. Errors: file and line, the layer and what does not fit (unknown type or key, missing
 * or doubled name, unknown input, shapes that do not fit, cycle, more than one output). */
MUST_CHECK status graph_load(graph *out, const char *path);

/* The same of what was read. */
MUST_CHECK status graph_build(graph *out, const network_file *file);

#endif
