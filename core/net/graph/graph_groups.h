/* graph_groups: which layers share their choices (METHOD.md 1.5, rule in graph.h). */
#ifndef CORE_NET_GRAPH_GRAPH_GROUPS_H
#define CORE_NET_GRAPH_GRAPH_GROUPS_H

#include "core/base/status.h"
#include "core/net/graph/graph.h"

/* Fills in layer.group, groups and group_count of a graph with order and shapes. Groups are numbered by their first
 * node, so group 0 is that of the image. */
MUST_CHECK status graph_derive_groups(graph *g);

#endif
