#include "mpi/cli/inputs.h"

#include <stdlib.h>
#include <string.h>

#include "core/config/settings_load.h"
#include "core/base/environment.h"
#include "core/base/faults.h"
#include "core/base/file.h"
#include "core/base/share.h"
#include "core/cost/cost_list.h"
#include "core/strategy/strategies.h"
#include "core/train/schedule.h"
#include "core/train/stage.h"
#include "hw_models/registry.h"

static status check_cost_models(const settings *s, const cost_model *const *models)
{
    faults found = {.untold = 0};
    for (int i = 0; i < s->entry_count; i++) {
        const sweep_entry *entry = &s->entries[i];
        if (strcmp(entry->cost_model, "none") == 0 || cost_list_find(models, entry->cost_model) != NULL) continue;
        faults_add(&found, status_in(cost_list_unknown(models, entry->cost_model), "%s:%d", s->path, entry->line));
    }
    return faults_end(&found);
}

void inputs_clear(sweep_inputs *out)
{
    memset(out, 0, sizeof *out);
}

status inputs_choose_kernels(const kernel_table **out, const char *name)
{
    *out = kernels_choose(name);
    if (*out != NULL) return status_ok();
    return status_fail(STATUS_CONFIG,
                       "this processor has no %s kernels; set BITFRONT_ISA to portable, avx2 or avx512 as the "
                       "processor allows",
                       name != NULL ? name : environment_text(ENVIRONMENT_ISA));
}

status inputs_complete(sweep_inputs *in, const char *kernels)
{
    in->cost_models = cost_registry_make(&in->costs, &in->settings.cost);
    TRY(check_cost_models(&in->settings, in->cost_models));
    TRY(networks_parse(&in->networks, &in->settings, in->network_text, NULL));
    TRY(strategies_plan(&in->plan, &in->settings, &in->networks, in->cost_models, in->data_checksum));
    return inputs_choose_kernels(&in->kernels, kernels);
}

status inputs_read(sweep_inputs *out, const char *path, const char *const *overrides, int override_count)
{
    inputs_clear(out);
    char found[SHARE_PATH];
    share_find(found, path, "");
    if (!file_exists(found))
        return status_fail(STATUS_CONFIG, "configuration %s does not exist%s", path, share_nearest(path, "").text);
    TRY(settings_load(&out->settings, found, overrides, override_count, strategies_entry_kinds()));
    TRY(networks_text(&out->network_text, &out->settings));
    if (file_exists(out->settings.data)) TRY(dataset_content_checksum(out->data_checksum, out->settings.data));
    return inputs_complete(out, NULL);
}

status inputs_check_network(const graph *g, const dataset *d, const char *path)
{
    const layer_spec *image = &g->layers[0];
    if (image->out_height != d->height || image->out_width != d->width || image->out_channels != d->channels)
        return status_fail(STATUS_CONFIG,
                           "network %s takes images of %d x %d x %d, but data set %s has %d x %d x %d "
                           "(height, width, channels)",
                           g->name, image->out_height, image->out_width, image->out_channels, path, d->height, d->width,
                           d->channels);
    if (g->classes != d->classes)
        return status_fail(STATUS_CONFIG, "network %s tells %d classes apart, but data set %s has %d", g->name,
                           g->classes, path, d->classes);
    return status_ok();
}

status inputs_check_fit(const sweep_inputs *in)
{
    const dataset *d = &in->data;
    for (int i = 0; i < in->networks.count; i++)
        TRY(inputs_check_network(&in->networks.graphs[i], d, in->settings.data));
    if (strcmp(in->data_checksum, d->content_checksum) != 0)
        return status_fail(STATUS_DATA, "data set %s was replaced while it was read: run the same command again",
                           in->settings.data);
    return status_ok();
}

status inputs_load_dataset(void **block, dataset *view, const char *path)
{
    size_t bytes;
    TRY(dataset_measure(&bytes, path));
    void *memory = malloc(bytes);
    if (memory == NULL)
        return status_fail(STATUS_MEMORY, "no memory for the %zu MB of data set %s", bytes / 1000000, path);
    status loaded = dataset_load(memory, bytes, path);
    if (failed(loaded)) {
        free(memory);
        return loaded;
    }
    status opened = dataset_open(view, memory);
    if (failed(opened))
        free(memory);
    else
        *block = memory;
    return opened;
}

status inputs_load_data(sweep_inputs *in)
{
    TRY(inputs_load_dataset(&in->data_block, &in->data, in->settings.data));
    return inputs_check_fit(in);
}

/* Samples of each class in a split. */
static void count_classes(int count[DATASET_MAX_CLASSES], const dataset *d, split which)
{
    memset(count, 0, DATASET_MAX_CLASSES * sizeof *count);
    for (int i = 0; i < d->split_count[which]; i++) count[d->labels[d->split_index[which][i]]]++;
}

void inputs_note_data(FILE *out, const dataset *d, const char *path)
{
    static const char *const names[SPLIT_COUNT] = {"training", "validation", "test"};
    if (!d->is_sealed) fprintf(out, "note: data set %s has no seal: made by another program or version\n", path);
    for (int s = 0; s < SPLIT_COUNT; s++) {
        int count[DATASET_MAX_CLASSES], missing = 0, first = 0;
        count_classes(count, d, (split)s);
        for (int c = d->classes - 1; c >= 0; c--) {
            if (count[c] > 0) continue;
            missing++;
            first = c;
        }
        if (missing > 0)
            fprintf(out, "warning: %d class%s without %s samples in %s: %s%s\n", missing, missing == 1 ? "" : "es",
                    names[s], path, d->class_names + (size_t)first * DATASET_NAME, missing == 1 ? "" : ", ...");
    }
}

static void note_integer_rate(FILE *out, const settings *s)
{
    static const double most = 0.03 / (1 - 0.9); /* a step and all that momentum adds to it: core/deploy/README.md */
    const phase_settings *f = &s->finetune;
    if (!f->integer || s->quantizer.batchnorm != BATCHNORM_KEPT || f->optimizer != OPTIMIZER_SGD) return;
    if (f->learning_rate <= 1.000001 * most * (1 - f->momentum)) return;
    fprintf(
        out,
        "warning: finetune.learning_rate is %g: with finetune.integer batch-norm stands still, and networks that were "
        "fine-tuned so with more than %.2g were lost\n",
        f->learning_rate, most * (1 - f->momentum));
}

/* A stage of the task that searches under a strength and may keep its first epoch, before the cost has fallen. */
static const stage *keeps_early_epoch(const settings *s, const task *t)
{
    if (t->strength <= 0) return NULL;
    for (const stage *const *at = strategies_task_kind(t->kind)->stages; *at != NULL; at++) {
        const phase_settings *p = (*at)->settings(s);
        const bool by_accuracy = p->select != SELECT_TOTAL_LOSS;
        if ((*at)->choices_move && !(*at)->keeps_last && by_accuracy && p->epochs > 1 &&
            schedule_first_candidate(p) == 0)
            return *at;
    }
    return NULL;
}

static void note_early_epochs(FILE *out, const sweep_inputs *in)
{
    for (int i = 0; i < in->plan.count; i++) {
        const stage *early = keeps_early_epoch(&in->settings, &in->plan.tasks[i]);
        if (early == NULL) continue;
        const int epochs = early->settings(&in->settings)->epochs;
        fprintf(
            out,
            "warning: search.first_candidate_epoch: any of the %d epochs of the search may be kept, by its accuracy, "
            "also one before the cost has fallen; with %d it is the last\n",
            epochs, epochs - 1);
        return;
    }
}

void inputs_note_settings(FILE *out, const sweep_inputs *in)
{
    note_integer_rate(out, &in->settings);
    note_early_epochs(out, in);
}

void inputs_free(sweep_inputs *in)
{
    free(in->data_block);
    in->data_block = NULL;
    task_plan_free(&in->plan);
    networks_free(&in->networks);
    free(in->network_text);
    in->network_text = NULL;
}
