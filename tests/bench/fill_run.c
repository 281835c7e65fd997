/* fill_run CONFIG RUN: a run directory in which every task of the configuration is finished, with results that nobody
 * has trained, for measurements of large sweeps. The program's own plan, keys and writer; a content of some kB a task:
 * a curve of 30 epochs, six layers, 1,000 weights. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/config/settings_text.h"
#include "mpi/cli/inputs.h"
#include "results/run/run.h"

enum { EPOCHS = 30, LAYERS = 6, CHANNELS = 16, WEIGHTS = 1000 };

static status no_memory(void)
{
    return status_fail(STATUS_MEMORY, "no memory for a record");
}

/* Larger points are better, with some noise. */
static void fill_numbers(record *r, int i)
{
    const double size = 1e3 * (1 + i % 97), noise = 1e-4 * (i * 2654435761u % 101);
    r->state = RECORD_DONE;
    r->validation_accuracy = 0.9 - 20 / (size + 30) + noise;
    r->test_accuracy = r->validation_accuracy - 0.01;
    r->validation_loss = r->test_loss = 1 - r->validation_accuracy;
    r->epochs = EPOCHS;
    r->seconds = 60;
    if (!r->task.point) return;
    r->cost_count = 2;
    r->costs[0] = (record_cost){"size_bits", "bits", "bits of all weights", size};
    r->costs[1] = (record_cost){"mpic_cycles", "cycles", "cycles on MPIC", 70 * size};
}

static status fill_content(record *r)
{
    r->curve = calloc(EPOCHS, sizeof *r->curve);
    r->allocations = calloc(LAYERS, sizeof *r->allocations);
    r->tensors = calloc(1, sizeof *r->tensors);
    if (r->curve == NULL || r->allocations == NULL || r->tensors == NULL) return no_memory();
    for (; r->epoch_count < EPOCHS; r->epoch_count++)
        r->curve[r->epoch_count] = (record_epoch){.stage = "search", .epoch = r->epoch_count, .learning_rate = 0.01};
    for (; r->allocation_count < LAYERS; r->allocation_count++) {
        record_allocation *a = &r->allocations[r->allocation_count];
        snprintf(a->layer, sizeof a->layer, "c%d", r->allocation_count + 1);
        a->channels = CHANNELS;
        a->input_bits = 8;
        a->bits = calloc(CHANNELS, 1);
        if (a->bits == NULL) return no_memory();
        for (int c = 0; c < CHANNELS; c++) a->bits[c] = (int8_t)(1 << (1 + c % 3));
    }
    *r->tensors = (record_tensor){.name = "c1.weight", .rank = 1, .dims = {WEIGHTS}};
    r->tensors->data = calloc(WEIGHTS, sizeof *r->tensors->data);
    r->tensor_count = r->tensors->data != NULL;
    for (int k = 0; k < WEIGHTS && r->tensor_count > 0; k++)
        r->tensors->data[k] = (float)((k * 40503u % 1009) / 1009.0);
    return r->tensor_count > 0 ? status_ok() : no_memory();
}

static status write_one(const run *r, const sweep_inputs *in, int i)
{
    const task *t = &in->plan.tasks[i];
    record rec;
    memset(&rec, 0, sizeof rec);
    char warning[256];
    status s = task_plan_describe(&rec, &in->plan, t, &strategies_task_kind(t->kind)->reads);
    if (!failed(s)) s = fill_content(&rec);
    fill_numbers(&rec, i);
    if (!failed(s)) s = run_write_task(warning, r, &rec, NULL);
    record_free(&rec);
    return s;
}

static status fill(const sweep_inputs *in, const char *directory)
{
    char *config;
    run r;
    bool changed;
    TRY(settings_text(&config, &in->settings, in->plan.in.entry_kinds));
    status s = run_open(&r, directory, config, in->network_text, in->data_checksum, &changed);
    free(config);
    TRY(s);
    for (int i = 0; i < in->plan.count && !failed(s); i++) s = write_one(&r, in, i);
    if (!failed(s)) s = run_snapshot(&r, &in->plan);
    run_close(&r);
    return s;
}

int main(int argc, char **argv)
{
    sweep_inputs in;
    if (argc != 3) {
        fprintf(stderr, "fill_run CONFIG RUN\n");
        return 2;
    }
    inputs_clear(&in);
    status s = inputs_read(&in, argv[1], NULL, 0);
    if (!failed(s)) s = fill(&in, argv[2]);
    if (!failed(s)) printf("%d tasks\n", in.plan.count);
    inputs_free(&in);
    if (failed(s)) fprintf(stderr, "fill_run: %s\n", s.message);
    return failed(s) ? 1 : 0;
}
