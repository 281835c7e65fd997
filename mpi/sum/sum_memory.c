#include "mpi/sum/sum_memory.h"

#include <stdlib.h>
#include <string.h>

#include "mpi/link/agree.h"

sum_memory sum_memory_none(void)
{
    return (sum_memory){.window = {.node = MPI_COMM_NULL, .window = MPI_WIN_NULL}, .areas = NULL};
}

/* The area of every rank of this node, by its rank in the world. */
static status find_areas(sum_memory *m, MPI_Comm world)
{
    int world_size;
    TRY(mpi_status(MPI_Comm_size(world, &world_size), "asking for the number of ranks"));
    m->areas = calloc((size_t)world_size, sizeof(sum_area *));
    int *ranks = malloc(2 * (size_t)m->window.size * sizeof *ranks);
    if (m->areas == NULL || ranks == NULL) {
        free(ranks);
        return status_fail(STATUS_MEMORY, "no memory for a list of %d ranks", world_size);
    }
    int *world_ranks = ranks + m->window.size;
    for (int i = 0; i < m->window.size; i++) ranks[i] = i;
    MPI_Group of_world, of_node;
    status s = mpi_status(MPI_Comm_group(world, &of_world), "finding the ranks of a node");
    if (!failed(s)) s = mpi_status(MPI_Comm_group(m->window.node, &of_node), "finding the ranks of a node");
    if (!failed(s)) {
        s = mpi_status(MPI_Group_translate_ranks(of_node, m->window.size, ranks, of_world, world_ranks),
                       "finding the ranks of a node");
        MPI_Group_free(&of_world);
        MPI_Group_free(&of_node);
    }
    for (int i = 0; i < m->window.size && !failed(s); i++) {
        void *part;
        s = node_window_part(&part, &m->window, i);
        m->areas[world_ranks[i]] = part;
    }
    free(ranks);
    return s;
}

/* Collective on the node. The areas are clear when all return. */
static status share_areas(sum_memory *m, MPI_Comm world)
{
    TRY(node_window_reserve(&m->window, sizeof(sum_area), "sums of gradients"));
    void *own;
    status found = node_window_part(&own, &m->window, m->window.rank);
    if (!failed(found)) memset(own, 0, offsetof(sum_area, slots));
    if (!failed(found)) found = find_areas(m, world);
    return agree(m->window.node, found);
}

status sum_memory_open(sum_memory *out, MPI_Comm world)
{
    const char *wanted = getenv("BITFRONT_SUMS");
    *out = sum_memory_none();
    if (wanted != NULL && strcmp(wanted, "messages") == 0) return status_ok();
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
    node_window_close(&m->window);
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
