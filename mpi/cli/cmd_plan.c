/* bitfront plan: everything a sweep does except training. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/base/file.h"
#include "core/config/settings_text.h"
#include "core/data/dataset.h"
#include "mpi/cli/command.h"
#include "mpi/cli/config_options.h"
#include "mpi/cli/inputs.h"
#include "mpi/cli/simulate_options.h"
#include "mpi/cli/simulate_print.h"

enum { HELP_CONFIG = 1, SIMULATE, TIMES, JSON };

static const option_spec options[] = {
    CONFIG_OPTION_SET,
    {HELP_CONFIG, "help-config", NULL, "print every key of a configuration with its range and meaning"},
    {SIMULATE, "simulate", "ranks=N,...", "how long the sweep takes on N ranks, and what they do when"},
    {TIMES, "times", "RUN", "with --simulate: take the times of epochs from this run directory"},
    {JSON, "json", NULL, "with --simulate: print one JSON object"},
    OPTIONS_END,
};

static void print_costs(FILE *out, const sweep_inputs *in)
{
    fputs("cost models:", out);
    for (const cost_model *const *m = in->cost_models; *m != NULL; m++)
        fprintf(out, " %s (%s)%s", (*m)->name, (*m)->unit, m[1] != NULL ? "," : "");
    fputc('\n', out);
}

static void print_epochs(FILE *out, const settings *s)
{
    fprintf(out,
            "epochs: warm-up %d, search %d, fine-tuning %d; batch %d in %d shards, so up to %d ranks for one task\n",
            s->warmup.epochs, s->search_phase.epochs, s->finetune.epochs, s->batch, s->shards, s->shards);
}

static status print_data(FILE *out, sweep_inputs *in)
{
    const char *path = in->settings.data;
    if (!file_exists(path)) {
        fprintf(out,
                "data: %s does not exist yet; make it with: bitfront prepare synthetic -o %s\n"
                "      (or bitfront prepare cifar10 --source PATH -o %s)\n",
                path, path, path);
        return status_ok();
    }
    TRY(inputs_load_data(in));
    const dataset *d = &in->data;
    fprintf(out, "data: %s: %s, %d x %d x %d, %d classes; %d training, %d validation, %d test samples\n", path, d->name,
            d->height, d->width, d->channels, d->classes, d->split_count[SPLIT_TRAIN], d->split_count[SPLIT_VALIDATION],
            d->split_count[SPLIT_TEST]);
    inputs_note_data(out, d, path);
    return status_ok();
}

static status print_plan(FILE *out, sweep_inputs *in)
{
    for (int i = 0; i < in->networks.count; i++) {
        graph_print(out, &in->networks.graphs[i]);
        fputc('\n', out);
    }
    task_plan_print(out, &in->plan);
    fputc('\n', out);
    print_epochs(out, &in->settings);
    print_costs(out, in);
    fprintf(out, "kernels: %s\n", in->kernels->name);
    inputs_note_settings(out, in);
    return print_data(out, in);
}

/* What is asked besides the plan. */
typedef struct {
    const char *simulate, *times; /* NULL: not given */
    bool json;
} simulate_request;

static status simulate_with(simulated_work *work, const sweep_inputs *in, const simulate_options *o,
                            const simulate_request *asked)
{
    simulate_report report = {.options = o, .times = asked->times};
    TRY(simulate_work(work, &report.recorded, o, &in->settings, in->plan.tasks, in->plan.count, asked->times));
    if (asked->times != NULL) TRY(run_use_read(&report.real, asked->times));
    simulation s = {.tasks = in->plan.tasks,
                    .parents = in->plan.parents,
                    .work = work,
                    .count = in->plan.count,
                    .shards = in->settings.shards,
                    .workers = o->ranks > 1 ? o->ranks - 1 : 1,
                    .regroup_seconds = o->regroup,
                    .walltime_seconds = o->walltime};
    simulate_parts(s.part, o);
    simulated_sweep done;
    TRY(simulate_run(&done, &s));
    report.in = &s;
    report.out = &done;
    status printed = status_ok();
    if (asked->json)
        simulate_print_json(stdout, &report);
    else
        printed = simulate_print(stdout, &report);
    simulate_free(&done);
    return printed;
}

static status simulate_plan(const sweep_inputs *in, const simulate_request *asked)
{
    simulate_options o;
    TRY(simulate_options_read(&o, asked->simulate));
    simulated_work *work = calloc((size_t)in->plan.count, sizeof *work);
    if (work == NULL) return status_fail(STATUS_MEMORY, "no memory for %d tasks", in->plan.count);
    status s = simulate_with(work, in, &o, asked);
    free(work);
    return s;
}

static status run_plan(int argc, char **argv, int *exit_code)
{
    (void)exit_code;
    config_options given = {0};
    simulate_request asked = {0};
    option_parser p = options_start("plan", options, argc, argv);
    for (int letter = -1; letter != 0;) {
        TRY(options_next(&p, &letter));
        if (letter == 'h') {
            command_help(&command_plan);
            return status_ok();
        }
        if (letter == HELP_CONFIG) {
            settings_help(stdout, strategies_entry_kinds());
            return status_ok();
        }
        if (letter == 's') TRY(config_options_add(&given, p.value));
        if (letter == SIMULATE) asked.simulate = p.value;
        if (letter == TIMES) asked.times = p.value;
        if (letter == JSON) asked.json = true;
    }
    if (asked.simulate == NULL && (asked.times != NULL || asked.json))
        return status_fail(STATUS_CONFIG, "plan: --times and --json need --simulate ranks=N");
    char **arguments;
    TRY(options_arguments(&p, 1, "the configuration file", &arguments));
    sweep_inputs in;
    status s = inputs_read(&in, arguments[0], given.overrides, given.count);
    if (!failed(s)) s = asked.simulate != NULL ? simulate_plan(&in, &asked) : print_plan(stdout, &in);
    inputs_free(&in);
    return s;
}

const command command_plan = {
    .name = "plan",
    .arguments = "CONFIG",
    .summary = "show what a sweep would do: layers, tasks, data",
    .details =
        "Checks the configuration, the network and (when it exists) the data set; prints the layer table and the\n"
        "list of tasks. Trains nothing, writes nothing. With --simulate instead: hands the tasks out as a sweep would, "
        "but\n"
        "to ranks that exist on paper only, and prints how long it takes and who does what "
        "when.\n" SIMULATE_OPTIONS_HELP,
    .examples = "  bitfront plan configs/demo.cfg\n"
                "  bitfront plan configs/demo.cfg --set seeds=[1,2,3]\n"
                "  bitfront plan configs/demo.cfg --simulate ranks=9,seconds_per_epoch=20\n",
    .options = options,
    .run = run_plan,
};
