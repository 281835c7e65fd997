/* bitfront cost: what a network costs in every hardware model, layer by layer; with the same precision everywhere, or
 * as a point of a run chose it. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "core/base/file.h"
#include "core/cost/cost_total.h"
#include "hw_models/registry.h"
#include "mpi/cli/command.h"
#include "mpi/cli/config_options.h"
#include "results/run/run.h"

enum { COLUMN_WIDTH = 14 };

static const option_spec options[] = {
    {'a', "allocation", "uniform:wXaY", "weights of X and activations of Y bit everywhere; default uniform:w8a8"},
    {'p', "point", "ID", "the choices of this point; the argument is then a run directory"},
    {'m', "model", "NAME", "only this model; may be given several times. Default: all, layers in size, mpic, ne16"},
    {'c', "config", "CONFIG", "a configuration with lut = { ... }: its table is one more model"},
    OPTIONS_END,
};

typedef struct {
    const char *path, *config;        /* network file or run directory; NULL: no configuration */
    int weight_bits, activation_bits; /* uniform; 0: not given */
    long point;                       /* 0: not given */
    const char *names[COST_MODELS_MAX];
    int name_count;
    bool help;
} cost_arguments;

/* Everything the tables show. */
typedef struct {
    graph g;
    group_choice *groups; /* (group_count + 1), owned */
    cost_registry registry;
    const cost_model *columns[COST_MODELS_MAX], *totals[COST_MODELS_MAX];
    int column_count, total_count;
    char title[160];
} cost_report;

/* ---- arguments ---- */

static status read_allocation(cost_arguments *out, const char *text)
{
    int weight_bits, activation_bits, end = 0;
    if (sscanf(text, "uniform:w%da%d%n", &weight_bits, &activation_bits, &end) != 2 || text[end] != '\0' ||
        cost_weight_index(weight_bits) < 1 || cost_activation_index(activation_bits) < 0)
        return status_fail(STATUS_CONFIG,
                           "cost: --allocation wants uniform:w4a8 with 2, 4 or 8 bit each, not \"%.60s\"", text);
    out->weight_bits = weight_bits;
    out->activation_bits = activation_bits;
    return status_ok();
}

static status read_arguments(cost_arguments *out, int argc, char **argv)
{
    cost_arguments given = {.point = 0};
    option_parser p = options_start("cost", options, argc, argv);
    for (int letter = -1; letter != 0;) {
        TRY(options_next(&p, &letter));
        switch (letter) {
        case 'a':
            TRY(read_allocation(&given, p.value));
            break;
        case 'p':
            TRY(options_integer(&p, "point", 1, 1000000000, &given.point));
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
        if (given.point > 0 && given.weight_bits > 0)
            return status_fail(STATUS_CONFIG,
                               "cost: --point brings its own allocation; leave out --allocation or --point");
    }
    *out = given;
    return status_ok();
}

static bool is_directory(const char *path)
{
    struct stat info;
    return stat(path, &info) == 0 && S_ISDIR(info.st_mode);
}

/* ---- the choices of a point ---- */

static status use_allocation(cost_report *r, const record_allocation *a, bool *known)
{
    const graph *g = &r->g;
    int layer = graph_find(g, a->layer);
    if (layer < 0 || !layer_has_weights(&g->layers[layer]) || g->layers[layer].out_channels != a->channels)
        return status_fail(STATUS_DATA, "layer %s with %d channels is not in the run's network.cfg", a->layer,
                           a->channels);
    group_choice chosen = {.channels = {0}};
    for (int c = 0; c < a->channels; c++) {
        int w = cost_weight_index(a->bits[c]);
        if (w < 0) return status_fail(STATUS_DATA, "layer %s has a channel of %d bit", a->layer, a->bits[c]);
        chosen.channels[w]++;
    }
    int group = g->layers[layer].group, from = cost_input_entry(g, layer), input = cost_activation_index(a->input_bits);
    if (input < 0) return status_fail(STATUS_DATA, "layer %s has an input of %d bit", a->layer, a->input_bits);
    if (known[group] && memcmp(r->groups[group].channels, chosen.channels, sizeof chosen.channels) != 0)
        return status_fail(STATUS_DATA, "layer %s differs from the layers that probability its choice", a->layer);
    memcpy(r->groups[group].channels, chosen.channels, sizeof chosen.channels);
    memset(r->groups[from].activation, 0, sizeof r->groups[from].activation);
    r->groups[from].activation[input] = 1;
    known[group] = true;
    return status_ok();
}

static status use_record(cost_report *r, const record *rec)
{
    if (rec->state != RECORD_DONE) return status_fail(STATUS_CONFIG, "the task failed: %.200s", rec->reason);
    if (rec->allocation_count == 0)
        return status_fail(STATUS_CONFIG, "the task is a warm-up in float: it chose no precisions");
    bool *known = calloc((size_t)r->g.group_count, sizeof *known);
    if (known == NULL) return status_fail(STATUS_MEMORY, "no memory for the allocation");
    status s = status_ok();
    for (int i = 0; i < rec->allocation_count && !failed(s); i++) s = use_allocation(r, &rec->allocations[i], known);
    for (int i = 0; i < r->g.layer_count && !failed(s); i++) {
        const layer_spec *l = &r->g.layers[i];
        if (layer_has_weights(l) && !known[l->group])
            s = status_fail(STATUS_DATA, "it does not say what layer %s has", l->name);
    }
    free(known);
    return s;
}

static status use_point(cost_report *r, const char *directory, int id)
{
    run opened;
    char path[MAX_PATH_TEXT], label[128];
    memset(&opened, 0, sizeof opened);
    snprintf(opened.directory, sizeof opened.directory, "%s", directory);
    run_task_path(path, &opened, id);
    if (!file_exists(path))
        return status_fail(STATUS_CONFIG, "%.200s has no finished point %d; bitfront front %.200s lists them",
                           directory, id, directory);
    record rec;
    TRY(run_read_task(&rec, &opened, id));
    task_label(label, &rec.task);
    snprintf(r->title, sizeof r->title, "point %d (%s)", id, label);
    status s = use_record(r, &rec);
    record_free(&rec);
    return status_in(s, "point %d of %.200s", id, directory);
}

/* ---- models ---- */

static status unknown_model(const cost_report *r, const char *name)
{
    char known[256] = "";
    for (const cost_model *const *m = r->registry.list; *m != NULL; m++) {
        size_t used = strlen(known);
        snprintf(known + used, sizeof known - used, "%s%s", used > 0 ? ", " : "", (*m)->name);
    }
    bool table = strcmp(name, "lut") == 0;
    return status_fail(STATUS_CONFIG, "cost: there is no cost model \"%.60s\"; known: %s%s", name, known,
                       table ? "; lut needs --config with lut = { ... }" : "");
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

static void print_header(FILE *out, const cost_report *r, int name_width)
{
    fprintf(out, "%-*s %-9s %7s %7s  %5s %5s %5s %5s  %5s", name_width, "layer", "kind", "inputs", "outputs", "w8",
            "w4", "w2", "w0", "input");
    for (int k = 0; k < r->column_count; k++) fprintf(out, " %*s", COLUMN_WIDTH, r->columns[k]->name);
    fprintf(out, "\n%-*s %-9s %7s %7s  %23s  %5s", name_width, "", "", "kept", "kept", "channels at w bits", "bits");
    for (int k = 0; k < r->column_count; k++) fprintf(out, " %*s", COLUMN_WIDTH, r->columns[k]->unit);
    fputc('\n', out);
}

static int bits_of(const double *activation)
{
    for (int a = 0; a < COST_ACTIVATION_PRECISIONS; a++)
        if (activation[a] > 0) return 2 << a;
    return 0;
}

static void print_layer(FILE *out, const cost_report *r, int index, int name_width)
{
    const layer_spec *l = &r->g.layers[index];
    const double *n = r->groups[l->group].channels;
    int from = cost_input_entry(&r->g, index);
    cost_choice seen = cost_choice_of(&r->g, index, r->groups);
    fprintf(out, "%-*s %-9s %7.0f %7.0f  %5.0f %5.0f %5.0f %5.0f  %5d", name_width, l->name, layer_kind_name(l->kind),
            seen.in_kept, seen.kept, n[3], n[2], n[1], n[0], bits_of(r->groups[from].activation));
    for (int k = 0; k < r->column_count; k++)
        fprintf(out, " %*.10g", COLUMN_WIDTH, cost_of_layer(r->columns[k], &r->g, index, r->groups, false, NULL));
    fputc('\n', out);
}

static void print_totals(FILE *out, const cost_report *r)
{
    for (int k = 0; k < r->total_count; k++) {
        const cost_model *m = r->totals[k];
        double value = cost_total(m, &r->g, r->groups, false, NULL);
        fprintf(out, "%-12s %18.12g %-14s %s", m->name, value, m->unit, m->description);
        if (strcmp(m->name, "size") == 0) fprintf(out, ": %.2f kB", value / 8000);
        fputc('\n', out);
    }
}

static void print_report(FILE *out, const cost_report *r)
{
    int name_width = 5;
    for (int i = 0; i < r->g.layer_count; i++)
        if (layer_has_weights(&r->g.layers[i]) && (int)strlen(r->g.layers[i].name) > name_width)
            name_width = (int)strlen(r->g.layers[i].name);
    fprintf(out, "network %s, %s\n\n", r->g.name, r->title);
    print_header(out, r, name_width);
    for (int i = 0; i < r->g.layer_count; i++)
        if (layer_has_weights(&r->g.layers[i])) print_layer(out, r, i, name_width);
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
        status loaded = settings_load(s, config, NULL, 0);
        if (!failed(loaded)) costs = s->cost;
        free(s);
        TRY(loaded);
    }
    cost_registry_make(&r->registry, &costs);
    return status_ok();
}

static status fill_report(cost_report *r, const cost_arguments *a)
{
    char network[MAX_PATH_TEXT + 16], config[MAX_PATH_TEXT + 16];
    bool is_run = is_directory(a->path);
    if (strlen(a->path) >= MAX_PATH_TEXT)
        return status_fail(STATUS_CONFIG, "cost: path is too long: %.100s...", a->path);
    snprintf(network, sizeof network, is_run ? "%s/network.cfg" : "%s", a->path);
    snprintf(config, sizeof config, "%s/config.cfg", a->path);
    if (!file_exists(network))
        return is_run ? status_fail(STATUS_CONFIG, "cost: %s is not a run directory: it has no network.cfg", a->path)
                      : status_fail(STATUS_CONFIG, "cost: network file %s does not exist", a->path);
    if (a->point > 0 && !is_run)
        return status_fail(STATUS_CONFIG, "cost: --point needs a run directory, and %s is a file", a->path);
    TRY(read_registry(r, a->config == NULL && is_run ? config : a->config));
    TRY(choose_models(r, a));
    TRY(graph_load(&r->g, network));
    r->groups = calloc((size_t)r->g.group_count + 1, sizeof *r->groups);
    if (r->groups == NULL) return status_fail(STATUS_MEMORY, "no memory for the choices");
    if (a->point > 0) {
        cost_uniform(r->groups, &r->g, 8, 8); /* groups without layers cost nothing */
        return use_point(r, a->path, (int)a->point);
    }
    int w = a->weight_bits > 0 ? a->weight_bits : 8, x = a->activation_bits > 0 ? a->activation_bits : 8;
    cost_uniform(r->groups, &r->g, w, x);
    snprintf(r->title, sizeof r->title, "weights of %d bit, activations of %d bit", w, x);
    return status_ok();
}

static status run_cost(const runtime *rt, int argc, char **argv, int *exit_code)
{
    (void)rt;
    (void)exit_code;
    cost_arguments given;
    TRY(read_arguments(&given, argc, argv));
    if (given.help) {
        command_help(stdout, &command_cost);
        return status_ok();
    }
    cost_report *r = calloc(1, sizeof *r); /* stays where it is: the registry points into itself */
    if (r == NULL) return status_fail(STATUS_MEMORY, "no memory for the costs");
    status s = fill_report(r, &given);
    if (!failed(s)) print_report(stdout, r);
    free(r->groups);
    graph_free(&r->g);
    free(r);
    return s;
}

const command command_cost = {
    .name = "cost",
    .arguments = "NETWORK|RUN",
    .summary = "show what a network or a point of a run costs on the hardware",
    .details =
        "Prints a table of the layers with their channels at each precision and their cost, and the totals of all\n"
        "cost models (hw_models/README.md says what they mean). Examples:\n"
        "  bitfront cost configs/networks/resnet8.cfg --allocation uniform:w4a8\n"
        "  bitfront cost results/runs/demo --point 7 --model ne16 --model mpic_energy\n",
    .options = options,
    .run = run_cost,
};
