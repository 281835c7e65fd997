#include "mpi/sum/sum_memory.h"

#include <stdlib.h>
#include <string.h>

#include "core/base/environment.h"
#include "mpi/link/agree.h"

sum_memory sum_memory_none(void)
{
    return (sum_memory){.window = NULL, .areas = NULL};
}

/* The area of every rank of this node, by its rank in the world. */
static status find_areas(sum_memory *m, const link_world *world)
{
    const link_world *node = node_window_ranks(m->window);
    int *world_ranks = malloc((size_t)world_size(node) * sizeof *world_ranks);
    m->areas = calloc((size_t)world_size(world), sizeof(sum_area *));
    status s = status_ok();
    if (m->areas == NULL || world_ranks == NULL)
        s = status_fail(STATUS_MEMORY, "no memory for a list of %d ranks", world_size(world));
    if (!failed(s)) s = world_translate(world_ranks, node, world);
    for (int i = 0; i < world_size(node) && !failed(s); i++) {
        void *part;
        s = node_window_part(&part, m->window, i);
        if (!failed(s)) m->areas[world_ranks[i]] = part;
    }
    free(world_ranks);
    return s;
}

/* Collective on the node. The areas are clear when all return. */
static status share_areas(sum_memory *m, const link_world *world)
{
    const link_world *node = node_window_ranks(m->window);
    TRY(node_window_reserve(m->window, sizeof(sum_area), "sums of gradients"));
    void *own;
    status found = node_window_part(&own, m->window, world_rank(node));
    if (!failed(found)) memset(own, 0, offsetof(sum_area, slots));
    if (!failed(found)) found = find_areas(m, world);
    return agree(node, found);
}

status sum_memory_open(sum_memory *out, const link_world *world)
{
    const char *wanted = environment_text(ENVIRONMENT_SUMS);
    *out = sum_memory_none();
    if (world_size(world) == 1 || (wanted != NULL && strcmp(wanted, "messages") == 0)) return status_ok();
    sum_memory m = sum_memory_none();
    status s = node_window_open(&m.window, world);
    if (!failed(s)) s = share_areas(&m, world);
    bool does_without = s.code == STATUS_MEMORY;
    s = agree(world, does_without ? status_ok() : s);
    if (failed(s) || does_without) {
        sum_memory_close(&m);
        return s;
    }
    *out = m;
    return status_ok();
}

void sum_memory_close(sum_memory *m)
{
    free(m->areas);
    node_window_close(m->window);
    *m = sum_memory_none();
}

bool sum_memory_find(sum_area **out, const sum_memory *m, const int *members, int count)
{
    for (int i = 0; i < count; i++) {
        out[i] = m != NULL && m->areas != NULL ? m->areas[members[i]] : NULL;
        if (out[i] == NULL) return false;
    }
    return true;
}
