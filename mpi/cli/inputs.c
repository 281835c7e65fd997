#include "mpi/cli/inputs.h"

#include <stdlib.h>
#include <string.h>

#include "core/base/file.h"
#include "hw_models/registry.h"
#include "mpi/link/agree.h"

static const char *processor_hint = "set BITFRONT_ISA to portable, avx2 or avx512 as the processor allows";

static status check_cost_models(const settings *s, const cost_model *const *models)
{
    for (int i = 0; i < s->entry_count; i++) {
        const sweep_entry *entry = &s->entries[i];
        if (strcmp(entry->strategy, "fixed") == 0 || cost_list_find(models, entry->cost_model) != NULL) continue;
        char known[256] = "";
        for (const cost_model *const *m = models; *m != NULL; m++) {
            size_t used = strlen(known);
            snprintf(known + used, sizeof known - used, "%s%s", used > 0 ? ", " : "", (*m)->name);
        }
        return status_fail(STATUS_CONFIG, "%s:%d: there is no cost model \"%s\"; known: %s", s->path, entry->line,
                           entry->cost_model, known);
    }
    return status_ok();
}

static status read_parts(sweep_inputs *in, const char *path, const char *const *overrides, int override_count)
{
    if (!file_exists(path)) return status_fail(STATUS_CONFIG, "configuration %s does not exist", path);
    TRY(settings_load(&in->settings, path, overrides, override_count));
    in->cost_models = cost_registry_make(&in->costs, &in->settings.cost);
    TRY(check_cost_models(&in->settings, in->cost_models));
    if (!file_exists(in->settings.network))
        return status_fail(STATUS_CONFIG, "%s: network file %s does not exist", path, in->settings.network);
    TRY(graph_load(&in->graph, in->settings.network));
    TRY(task_list_build(&in->tasks, &in->task_count, &in->settings));
    in->kernels = kernels_choose(NULL);
    if (in->kernels == NULL)
        return status_fail(STATUS_CONFIG, "this processor has no kernels of the kind that was asked for; %s",
                           processor_hint);
    return status_ok();
}

void inputs_clear(sweep_inputs *out)
{
    memset(out, 0, sizeof *out);
    out->data_owner = shared_data_none();
}

status inputs_read(sweep_inputs *out, const char *path, const char *const *overrides, int override_count)
{
    inputs_clear(out);
    return read_parts(out, path, overrides, override_count);
}

/* Collective on world. Settings, layers and groups are plain values: their bytes mean the same on every rank. */
static status share_graph(graph *g, MPI_Comm world, int rank)
{
    graph received = *g;
    TRY(agree_bytes(world, 0, &received, sizeof received));
    size_t layer_bytes = (size_t)received.layer_count * sizeof *g->layers;
    size_t group_bytes = (size_t)received.group_count * sizeof *g->groups;
    status local = status_ok();
    if (rank != 0) {
        received.layers = malloc(layer_bytes);
        received.groups = malloc(group_bytes);
        if (received.layers == NULL || received.groups == NULL)
            local = status_fail(STATUS_MEMORY, "no memory for the network");
        *g = received;
    }
    TRY(agree(world, local));
    TRY(agree_bytes(world, 0, g->layers, layer_bytes));
    return agree_bytes(world, 0, g->groups, group_bytes);
}

status inputs_share(sweep_inputs *in, MPI_Comm world)
{
    int rank;
    TRY(mpi_status(MPI_Comm_rank(world, &rank), "asking for the rank"));
    if (rank != 0) inputs_clear(in);
    TRY(agree_bytes(world, 0, &in->settings, sizeof in->settings));
    TRY(share_graph(&in->graph, world, rank));
    char kernels[32] = "";
    if (rank == 0) snprintf(kernels, sizeof kernels, "%s", in->kernels->name);
    TRY(agree_bytes(world, 0, kernels, sizeof kernels));
    status local = status_ok();
    if (rank != 0) {
        local = task_list_build(&in->tasks, &in->task_count, &in->settings);
        in->cost_models = cost_registry_make(&in->costs, &in->settings.cost);
        in->kernels = kernels_choose(kernels);
        if (!failed(local) && in->kernels == NULL)
            local = status_fail(STATUS_CONFIG, "this processor has no %s kernels, as rank 0 has; %s", kernels,
                                processor_hint);
    }
    return agree(world, local);
}

static status check_fit(const sweep_inputs *in)
{
    const layer_spec *image = &in->graph.layers[0];
    const dataset *d = &in->data;
    if (image->out_height != d->height || image->out_width != d->width || image->out_channels != d->channels)
        return status_fail(STATUS_CONFIG,
                           "network %s takes images of %d x %d x %d, but data set %s has %d x %d x %d "
                           "(height, width, channels)",
                           in->settings.network, image->out_height, image->out_width, image->out_channels,
                           in->settings.data, d->height, d->width, d->channels);
    if (in->graph.classes != d->classes)
        return status_fail(STATUS_CONFIG, "network %s tells %d classes apart, but data set %s has %d",
                           in->settings.network, in->graph.classes, in->settings.data, d->classes);
    return status_ok();
}

status inputs_load_data(sweep_inputs *in, MPI_Comm world)
{
    TRY(shared_data_load(&in->data_owner, &in->data, world, in->settings.data));
    return check_fit(in); /* the same bytes everywhere: the same answer */
}

void inputs_free(sweep_inputs *in)
{
    shared_data_free(&in->data_owner);
    free(in->tasks);
    in->tasks = NULL;
    graph_free(&in->graph);
}
