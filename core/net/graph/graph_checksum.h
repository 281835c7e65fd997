/* graph_checksum: what network is this? A hash of everything of a graph that a result can depend on, however its file
 * is written: comments, spaces, the order of keys and the network's name make no difference. */
#ifndef CORE_NET_GRAPH_GRAPH_CHECKSUM_H
#define CORE_NET_GRAPH_GRAPH_CHECKSUM_H

#include "core/base/checksum.h"
#include "core/net/graph/graph.h"

MUST_CHECK status graph_checksum(char text[CHECKSUM_TEXT], const graph *g);

#endif
