/* bitfront cost: what a network costs in every hardware model, layer by layer; with the same precision everywhere, or
 * as a point of a run chose it. */
#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/config/settings_load.h"
#include "core/base/file.h"
#include "core/base/share.h"
#include "core/cost/cost_list.h"
#include "core/cost/cost_total.h"
#include "core/net/graph/graph_build.h"
#include "core/train/allocation_record.h"
#include "hw_models/registry.h"
#include "mpi/cli/command.h"
#include "mpi/cli/config_options.h"
#include "mpi/cli/run_plan.h"

enum { COLUMN_WIDTH = 14 };

static const option_spec options[] = {
    {'a', "allocation", "uniform:wXaY", "weights of X and activations of Y bit everywhere; default uniform:w8a8"},
    {'p', "point", "ID|KEY", "the choices of this point; the argument is then a run directory"},
    {'m', "model", "NAME", "only this model; may be given several times. Default: all, layers in size, mpic, ne16"},
    {'c', "config", "CONFIG", "a configuration with lut = { ... }: its table is one more model"},
    OPTIONS_END,
};

typedef struct {
    const char *path;                 /* network file or run directory */
    const char *config;               /* NULL: none */
    int weight_bits, activation_bits; /* uniform; 0: not given */
    const char *point;                /* id or key; NULL: not given */
    const char *names[COST_MODELS_MAX];
    int name_count;
    bool help;
} cost_arguments;

/* Everything the tables show. */
typedef struct {
    const graph *g;
    graph file;           /* what it is in a file of its own; owned */
    run_plan run;         /* or in a run; owned */
    group_choice *groups; /* (group_count + 1), owned */
    cost_registry registry;
    const cost_model *columns[COST_MODELS_MAX], *totals[COST_MODELS_MAX];
    int column_count, total_count;
    char title[160];
} cost_report;

/* ---- arguments ---- */

/* *at is at one or two digits and is moved behind them. */
static bool read_bits(int *bits, const char **at)
{
    size_t digits = strspn(*at, "0123456789");
    *bits = 0;
    for (size_t i = 0; i < digits && digits <= 2; i++) *bits = 10 * *bits + (*at)[i] - '0';
    *at += digits;
    return *bits > 0;
}

static bool skip(const char **at, const char *word)
{
    size_t length = strlen(word);
    bool there = strncmp(*at, word, length) == 0;
    if (there) *at += length;
    return there;
}

static status read_allocation(cost_arguments *out, const char *text)
{
    int weight_bits, activation_bits;
    const char *at = text;
    if (!skip(&at, "uniform:w") || !read_bits(&weight_bits, &at) || !skip(&at, "a") ||
        !read_bits(&activation_bits, &at) || *at != '\0' || weight_bits > ALLOCATION_MAX_WEIGHT_BITS ||
        activation_bits > ALLOCATION_MAX_ACTIVATION_BITS)
        return status_fail(STATUS_CONFIG,
                           "cost: --allocation wants uniform:w4a8 with weights of 1 to 8 bit and activations of 1 to "
                           "16 bit, not \"%.60s\"",
                           text);
    out->weight_bits = weight_bits;
    out->activation_bits = activation_bits;
    return status_ok();
}

static status read_arguments(cost_arguments *out, int argc, char **argv)
{
    cost_arguments given = {.point = NULL};
    option_parser p = options_start("cost", options, argc, argv);
    for (int letter = -1; letter != 0;) {
        TRY(options_next(&p, &letter));
        switch (letter) {
        case 'a':
            TRY(read_allocation(&given, p.value));
            break;
        case 'p':
            given.point = p.value;
            break;
        case 'c':
            given.config = p.value;
            break;
        case 'm':
            if (given.name_count == COST_MODELS_MAX)
                return status_fail(STATUS_CONFIG, "cost: more than %d times --model", COST_MODELS_MAX);
            given.names[given.name_count++] = p.value;
            break;
        case 'h':
            given.help = true;
            break;
        default:
            break;
        }
    }
    if (!given.help) {
        char **arguments;
        TRY(options_arguments(&p, 1, "a network file or a run directory", &arguments));
        given.path = arguments[0];
        if (given.point != NULL && given.weight_bits > 0)
            return status_fail(STATUS_CONFIG,
                               "cost: --point brings its own allocation; leave out --allocation or --point");
    }
    *out = given;
    return status_ok();
}

/* ---- the choices of a point ---- */

static status use_record(cost_report *r, const record *rec)
{
    allocation a;
    TRY(allocation_new(&a, r->g));
    status s = allocation_record_read(&a, rec);
    if (!failed(s)) cost_of_allocation(r->groups, &a);
    allocation_free(&a);
    return s;
}

static status use_task(cost_report *r, const run *directory, const task *t)
{
    char path[MAX_PATH_TEXT], label[TASK_LABEL];
    run_task_path(path, directory, t->key);
    if (!file_exists(path))
        return status_fail(STATUS_CONFIG,
                           "task %d (%.8s) of %.200s is not finished; bitfront front %.200s lists what is", t->id,
                           t->key, directory->directory, directory->directory);
    record rec;
    TRY(run_read_task(&rec, directory, t->key));
    task_label(label, t);
    snprintf(r->title, sizeof r->title, "point %d, key %.8s (%s)", t->id, t->key, label);
    status s =
        rec.state == RECORD_FAILED ? status_fail(STATUS_CONFIG, "it failed: %.300s", rec.reason) : use_record(r, &rec);
    record_free(&rec);
    return status_in(s, "task %d of %.200s", t->id, directory->directory);
}

/* ---- models ---- */

static status unknown_model(const cost_report *r, const char *name)
{
    if (strcmp(name, "lut") == 0)
        return status_fail(STATUS_CONFIG, "cost: the cost model lut needs --config with lut = { ... }");
    return status_in(cost_list_unknown(r->registry.list, name), "cost");
}

static status choose_models(cost_report *r, const cost_arguments *a)
{
    static const char *const usual[] = {"size", "mpic", "ne16"};
    const bool all = a->name_count == 0;
    const char *const *names = all ? usual : a->names;
    for (int i = 0; i < (all ? 3 : a->name_count); i++) {
        const cost_model *m = cost_list_find(r->registry.list, names[i]);
        if (m == NULL) return unknown_model(r, names[i]);
        for (int k = 0; k < r->column_count; k++)
            if (r->columns[k] == m) return status_fail(STATUS_CONFIG, "cost: --model %s twice", names[i]);
        r->columns[r->column_count++] = m;
    }
    if (all)
        for (const cost_model *const *m = r->registry.list; *m != NULL; m++) r->totals[r->total_count++] = *m;
    else
        for (int i = 0; i < r->column_count; i++) r->totals[r->total_count++] = r->columns[i];
    return status_ok();
}

/* ---- output ---- */

/* Precisions that have a column: the usual ones, and others that occur; highest first. */
static bool has_column(const cost_report *r, int bits)
{
    bool usual = bits == 8 || bits == 4 || bits == 2 || bits == 0;
    for (int i = 0; i < r->g->group_count && !usual; i++) usual = r->groups[i].channels[bits] > 0;
    return usual;
}

static void print_value(FILE *out, double value)
{
    if (isnan(value))
        fprintf(out, " %*s", COLUMN_WIDTH, "not defined");
    else
        fprintf(out, " %*.10g", COLUMN_WIDTH, value);
}

static void print_header(FILE *out, const cost_report *r, int name_width)
{
    int width = 0;
    fprintf(out, "%-*s %-9s %7s %7s ", name_width, "layer", "kind", "inputs", "outputs");
    for (int w = ALLOCATION_MAX_WEIGHT_BITS; w >= 0; w--)
        if (has_column(r, w)) width += fprintf(out, "    w%d", w);
    fprintf(out, "  %5s", "input");
    for (int k = 0; k < r->column_count; k++) fprintf(out, " %*s", COLUMN_WIDTH, r->columns[k]->name);
    fprintf(out, "\n%-*s %-9s %7s %7s %*s  %5s", name_width, "", "", "kept", "kept", width, "channels at w bits",
            "bits");
    for (int k = 0; k < r->column_count; k++) fprintf(out, " %*s", COLUMN_WIDTH, r->columns[k]->unit);
    fputc('\n', out);
}

static int bits_of(const double *activation)
{
    for (int a = 0; a < COST_ACTIVATION_BITS; a++)
        if (activation[a] > 0) return a;
    return 0;
}

static void print_layer(FILE *out, const cost_report *r, int index, int name_width)
{
    const layer_spec *l = &r->g->layers[index];
    int from = cost_input_entry(r->g, index);
    cost_choice seen = cost_choice_of(r->g, index, r->groups);
    fprintf(out, "%-*s %-9s %7.0f %7.0f ", name_width, l->name, layer_kind_name(l->kind), seen.in_kept, seen.kept);
    for (int w = ALLOCATION_MAX_WEIGHT_BITS; w >= 0; w--)
        if (has_column(r, w)) fprintf(out, " %5.0f", r->groups[l->group].channels[w]);
    fprintf(out, "  %5d", bits_of(r->groups[from].activation));
    for (int k = 0; k < r->column_count; k++)
        print_value(out, cost_of_layer(r->columns[k], r->g, index, r->groups, false, NULL));
    fputc('\n', out);
}

static void print_totals(FILE *out, const cost_report *r)
{
    for (int k = 0; k < r->total_count; k++) {
        const cost_model *m = r->totals[k];
        double value = cost_total(m, r->g, r->groups, false, NULL);
        if (isnan(value)) {
            fprintf(out, "%-12s %18s %-14s %s\n", m->name, "not defined", m->unit, "at these precisions");
            continue;
        }
        fprintf(out, "%-12s %18.12g %-14s %s", m->name, value, m->unit, m->description);
        if (strcmp(m->name, "size") == 0) fprintf(out, ": %.2f kB", value / 8000);
        fputc('\n', out);
    }
}

static void print_report(FILE *out, const cost_report *r)
{
    int name_width = 5;
    for (int i = 0; i < r->g->layer_count; i++)
        if (layer_has_weights(&r->g->layers[i]) && (int)strlen(r->g->layers[i].name) > name_width)
            name_width = (int)strlen(r->g->layers[i].name);
    fprintf(out, "network %s, %s\n\n", r->g->name, r->title);
    print_header(out, r, name_width);
    for (int i = 0; i < r->g->layer_count; i++)
        if (layer_has_weights(&r->g->layers[i])) print_layer(out, r, i, name_width);
    fputs("\ntotal\n", out);
    print_totals(out, r);
}

/* ---- the command ---- */

/* The table of the user's processor: of --config, or of the run. */
static status read_registry(cost_report *r, const char *config)
{
    cost_settings costs = {.input_slope = INPUT_SLOPE_OF_MODEL};
    if (config != NULL) {
        settings *s = malloc(sizeof *s);
        if (s == NULL) return status_fail(STATUS_MEMORY, "no memory for the settings");
        status loaded = settings_load(s, config, NULL, 0, strategies_entry_kinds());
        if (!failed(loaded)) costs = s->cost;
        free(s);
        TRY(loaded);
    }
    cost_registry_make(&r->registry, &costs);
    return status_ok();
}

static status make_groups(cost_report *r, int weight_bits, int activation_bits)
{
    r->groups = calloc((size_t)r->g->group_count + 1, sizeof *r->groups);
    if (r->groups == NULL) return status_fail(STATUS_MEMORY, "no memory for the choices");
    cost_uniform(r->groups, r->g, weight_bits, activation_bits);
    return status_ok();
}

static status fill_uniform(cost_report *r, const cost_arguments *a)
{
    int w = a->weight_bits > 0 ? a->weight_bits : 8, x = a->activation_bits > 0 ? a->activation_bits : 8;
    snprintf(r->title, sizeof r->title, "weights of %d bit, activations of %d bit", w, x);
    return make_groups(r, w, x);
}

static status fill_from_file(cost_report *r, const cost_arguments *a)
{
    if (!file_exists(a->path))
        return status_fail(STATUS_CONFIG, "cost: network file %s does not exist%s", a->path,
                           share_nearest(a->path, "networks").text);
    if (a->point != NULL)
        return status_fail(STATUS_CONFIG, "cost: --point needs a run directory, and %s is a file", a->path);
    TRY(graph_load(&r->file, a->path));
    r->g = &r->file;
    return fill_uniform(r, a);
}

/* Without a point: the first network of the run. */
static status fill_from_run(cost_report *r, const cost_arguments *a)
{
    TRY(run_plan_open(&r->run, a->path));
    r->g = &r->run.networks.graphs[0];
    if (a->point == NULL) return fill_uniform(r, a);
    const task *t;
    TRY(run_plan_task(&t, &r->run, a->point));
    r->g = &r->run.networks.graphs[t->network];
    TRY(make_groups(r, 8, 8)); /* groups without layers cost nothing */
    return use_task(r, &r->run.run, t);
}

static status fill_report(cost_report *r, const cost_arguments *a)
{
    char config[MAX_PATH_TEXT + 16];
    const bool is_run = file_is_directory(a->path);
    if (strlen(a->path) >= MAX_PATH_TEXT)
        return status_fail(STATUS_CONFIG, "cost: path is too long: %.100s...", a->path);
    snprintf(config, sizeof config, "%s/config.cfg", a->path);
    if (is_run && !file_exists(config) && errno != ENOENT)
        return status_fail(file_fault(errno), "cost: cannot open %s: %s", config, strerror(errno));
    if (is_run && !file_exists(config))
        return status_fail(STATUS_CONFIG, "cost: %s is not a run directory: it has no config.cfg", a->path);
    TRY(read_registry(r, a->config == NULL && is_run ? config : a->config));
    TRY(choose_models(r, a));
    return is_run ? fill_from_run(r, a) : fill_from_file(r, a);
}

static status run_cost(int argc, char **argv, int *exit_code)
{
    (void)exit_code;
    cost_arguments given;
    TRY(read_arguments(&given, argc, argv));
    if (given.help) {
        command_help(&command_cost);
        return status_ok();
    }
    char path[SHARE_PATH], config[SHARE_PATH];
    share_find(path, given.path, "networks");
    given.path = path;
    if (given.config != NULL) share_find(config, given.config, "");
    if (given.config != NULL) given.config = config;
    cost_report *r = calloc(1, sizeof *r); /* stays where it is: the registry points into itself */
    if (r == NULL) return status_fail(STATUS_MEMORY, "no memory for the costs");
    status s = fill_report(r, &given);
    if (!failed(s)) print_report(stdout, r);
    free(r->groups);
    graph_free(&r->file);
    run_plan_close(&r->run);
    free(r);
    return s;
}

const command command_cost = {
    .name = "cost",
    .arguments = "NETWORK|RUN",
    .summary = "show what a network or a point of a run costs on the hardware",
    .details =
        "Prints a table of the layers with their channels at each precision and their cost, and the totals of all\n"
        "cost models (hw_models/README.md says what they mean).\n",
    .examples = "  bitfront cost resnet8\n"
                "  bitfront cost configs/networks/resnet8.cfg --allocation uniform:w4a8\n"
                "  bitfront cost results/runs/demo --point 7 --model ne16 --model mpic_energy\n",
    .options = options,
    .run = run_cost,
};
