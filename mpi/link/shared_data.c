#include "mpi/link/shared_data.h"

#include <stdio.h>

#include "mpi/link/agree.h"

/* Collective on the node. All of the memory belongs to node rank 0. */
static status load_once(node_window *w, dataset *view, const char *path)
{
    const link_world *node = node_window_ranks(w);
    const bool reads = world_rank(node) == 0;
    size_t bytes = 0;
    void *block = NULL;
    TRY(agree(node, reads ? dataset_measure(&bytes, path) : status_ok()));
    TRY(node_window_reserve(w, bytes, "the data set"));
    TRY(agree(node, node_window_part(&block, w, 0)));
    TRY(agree(node, reads ? dataset_load(block, bytes, path) : status_ok()));
    TRY(node_window_sync(w));
    return agree(node, dataset_open(view, block));
}

/* Everything of the data that results depend on. */
static void describe(char out[AGREE_SAME_LENGTH], const dataset *d)
{
    snprintf(out, AGREE_SAME_LENGTH, "%.72s (%d images of %d x %d x %d, %d classes, %s of %a)", d->content_checksum,
             d->count, d->height, d->width, d->channels, d->classes, d->is_signed ? "signed units" : "units", d->scale);
}

status shared_data_load(shared_data *out, dataset *view, const link_world *world, const char *path)
{
    *out = (shared_data){.window = NULL};
    node_window *window;
    TRY(node_window_open(&window, world));
    status all = agree(world, load_once(window, view, path));
    if (!failed(all)) {
        char what[128], own[AGREE_SAME_LENGTH];
        snprintf(what, sizeof what, "data set %.60s is not the same on all nodes", path);
        describe(own, view);
        all = agree_same(world, what, own);
    }
    if (failed(all)) {
        node_window_close(window);
        return all;
    }
    out->window = window;
    return status_ok();
}

void shared_data_free(shared_data *s)
{
    node_window_close(s->window);
    s->window = NULL;
}
