/* bitfront export: a point of a run as integers, in a form that others run. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/deploy/exporter.h"
#include "core/deploy/integer_build.h"
#include "core/deploy/point_network.h"
#include "mpi/cli/command.h"
#include "mpi/cli/run_point.h"

enum { DATA = 1, IMAGES, USUAL_IMAGES = 4, MOST_IMAGES = 10000 };

static const option_spec options[] = {
    {'p', "point", "ID|KEY|best", "which point: its number, the start of its key, or the most accurate one"},
    {'f', "format", "NAME", "what to write (below)"},
    {'o', "out", "DIR", "the folder to make"},
    {DATA, "data", "FILE", "another prepared data set than that of the run, of images like those"},
    {IMAGES, "images", "N", "how many images the self-test has; default 4"},
    OPTIONS_END,
};

typedef struct {
    const char *directory, *point, *data, *out;
    const exporter *format;
    long images;
    bool help;
} export_arguments;

static status find_format(const exporter **out, const char *name)
{
    char known[256] = "";
    *out = exporters_find(name);
    if (*out != NULL) return status_ok();
    for (const exporter *const *e = exporters(); *e != NULL; e++) {
        const size_t used = strlen(known);
        snprintf(known + used, sizeof known - used, "%s%s", used > 0 ? ", " : "", (*e)->name);
    }
    return status_fail(STATUS_CONFIG, "export: there is no format \"%.40s\"; known: %s", name, known);
}

static status read_arguments(export_arguments *out, int argc, char **argv)
{
    export_arguments given = {.images = USUAL_IMAGES};
    option_parser p = options_start("export", options, argc, argv);
    for (int letter = -1; letter != 0;) {
        TRY(options_next(&p, &letter));
        given.help = given.help || letter == 'h';
        if (letter == 'p') given.point = p.value;
        if (letter == 'f') TRY(find_format(&given.format, p.value));
        if (letter == 'o') given.out = p.value;
        if (letter == DATA) given.data = p.value;
        if (letter == IMAGES) TRY(options_integer(&p, "images", 1, MOST_IMAGES, &given.images));
    }
    if (!given.help) {
        char **arguments;
        TRY(options_arguments(&p, 1, "the run directory", &arguments));
        given.directory = arguments[0];
        if (given.point == NULL)
            return status_fail(STATUS_CONFIG, "export: say which point with --point ID, --point KEY or --point best");
        if (given.format == NULL) return status_fail(STATUS_CONFIG, "export: say what to write with --format NAME");
        if (given.out == NULL) return status_fail(STATUS_CONFIG, "export: say which folder to make with --out DIR");
    }
    *out = given;
    return status_ok();
}

static void print_sizes(const export_arguments *a, const integer_network *n)
{
    const integer_sizes s = integer_network_sizes(n);
    printf("  weights      %8zu bytes: %zu bits at their precisions", s.weight_bytes, s.weight_bits);
    if (s.carrier_bits > 0) printf(", %zu for precisions that are not 8, 4 or 2 bit", s.carrier_bits);
    if (s.padding_bits > 0) printf(", %zu to fill bytes", s.padding_bits);
    printf("\n  biases       %8zu bytes\n  multipliers  %8zu bytes\n  tables       %8zu bytes\n", s.bias_bytes,
           s.multiplier_bytes, s.table_bytes);
    printf("  activations  %8zu bytes of memory\n", s.arena_bytes);
    printf("wrote %s\n", a->out);
}

static status write_folder(const export_arguments *a, const run_point *p, const integer_network *n)
{
    const int most = p->data.split_count[SPLIT_TEST];
    const export_inputs in = {
        .network = n, .title = p->title, .data = &p->data, .images = a->images < most ? (int)a->images : most};
    export_folder folder;
    if (most == 0) return status_fail(STATUS_CONFIG, "data set %s has no test images", p->data.name);
    TRY(export_folder_open(&folder, a->out));
    status s = a->format->write(&folder, &in);
    if (!failed(s)) s = export_folder_publish(&folder);
    if (failed(s)) export_folder_discard(&folder);
    return s;
}

static status export_point(const export_arguments *a, const run_point *p)
{
    point_network network;
    integer_network n;
    TRY(point_network_open(&network, &p->inputs, &p->record, 1, MODEL_FOR_EVALUATION));
    status s = integer_build(&n, point_network_model(&network),
                             (integer_samples){.is_signed = p->data.is_signed != 0, .scale = p->data.scale});
    point_network_close(&network);
    TRY(s);
    s = write_folder(a, p, &n);
    if (!failed(s)) {
        printf("network %s, %s, as integers\n", n.name, p->title);
        print_sizes(a, &n);
    }
    integer_network_free(&n);
    return s;
}

static void print_help(void)
{
    command_help(&command_export);
    puts("\nFormats:");
    for (const exporter *const *e = exporters(); *e != NULL; e++) printf("  %-5s %s\n", (*e)->name, (*e)->help);
}

static status run_export(int argc, char **argv, int *exit_code)
{
    (void)exit_code;
    export_arguments given = {.point = NULL};
    TRY(read_arguments(&given, argc, argv));
    if (given.help) {
        print_help();
        return status_ok();
    }
    run_point *p = calloc(1, sizeof *p);
    if (p == NULL) return status_fail(STATUS_MEMORY, "no memory for the point");
    status s = run_point_open(p, given.directory, given.point, given.data);
    if (!failed(s)) s = export_point(&given, p);
    run_point_close(p);
    free(p);
    return s;
}

const command command_export = {
    .name = "export",
    .arguments = "RUN",
    .summary = "write a point's network as integers, to be run elsewhere",
    .details =
        "Makes the integer network of a finished task, proves that its sums, products and codes fit, and writes it\n"
        "into a new folder (core/deploy/README.md says what is in it). Nothing is written when a layer cannot be\n"
        "expressed.\n",
    .examples = "  bitfront export results/runs/demo --point best --format c --out digits\n"
                "  bitfront export results/runs/demo --point 7 --format onnx --out digits_onnx\n",
    .options = options,
    .run = run_export,
};
