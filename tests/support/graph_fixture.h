/* graph_fixture: the network of a group of tests, as fixtures of cmocka. To be included after cmocka; the test links
 * core_net. */
#ifndef TESTS_SUPPORT_GRAPH_FIXTURE_H
#define TESTS_SUPPORT_GRAPH_FIXTURE_H

#include "core/net/graph/graph.h"
#include "core/net/graph/graph_build.h"

static graph network;

static inline int graph_fixture_load(const char *path)
{
    const status s = graph_load(&network, path);
    if (failed(s)) print_error("%s\n", s.message);
    return failed(s) ? -1 : 0;
}

/* Every kind of layer, small. */
static inline int load_every_layer(void **state)
{
    (void)state;
    return graph_fixture_load("tests/support/networks/every_layer.cfg");
}

static inline int load_digits(void **state)
{
    (void)state;
    return graph_fixture_load("configs/networks/digits8.cfg");
}

static inline int free_network(void **state)
{
    (void)state;
    graph_free(&network);
    return 0;
}

#endif
