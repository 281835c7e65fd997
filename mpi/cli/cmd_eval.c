/* bitfront eval: a point of a run on the test images of a data set: as it was trained, with fake quantisation, and as
 * integers. */
#define _POSIX_C_SOURCE 200809L
#include <stdio.h>
#include <stdlib.h>

#include "core/base/clock.h"
#include "core/base/file.h"
#include "core/deploy/integer_build.h"
#include "core/deploy/predict.h"
#include "mpi/cli/command.h"
#include "mpi/cli/run_point.h"

enum { INTEGER = 1, DATA, CONFUSION, PREDICTIONS, CAPACITY = 32 };

static const option_spec options[] = {
    {'p', "point", "ID|KEY|best", "which point: its number, the start of its key, or the most accurate one"},
    {INTEGER, "integer", NULL, "also as integers, and how often both agree"},
    {DATA, "data", "FILE", "another prepared data set than that of the run"},
    {CONFUSION, "confusion", NULL, "print how often images of each class are taken for each"},
    {PREDICTIONS, "predictions", "FILE.csv", "write what each image is taken for"},
    OPTIONS_END,
};

typedef struct {
    const char *directory, *point, *data, *predictions;
    bool integer, confusion, help;
} eval_arguments;

/* What the images of the test split are taken for. */
typedef struct {
    const dataset *data;
    int count, *in_float, *in_integers; /* owned; in_integers: NULL without them */
    double float_seconds, integer_seconds;
} eval_result;

static status read_arguments(eval_arguments *out, int argc, char **argv)
{
    eval_arguments given = {.point = NULL};
    option_parser p = options_start("eval", options, argc, argv);
    for (int letter = -1; letter != 0;) {
        TRY(options_next(&p, &letter));
        given.help = given.help || letter == 'h';
        given.integer = given.integer || letter == INTEGER;
        given.confusion = given.confusion || letter == CONFUSION;
        if (letter == 'p') given.point = p.value;
        if (letter == DATA) given.data = p.value;
        if (letter == PREDICTIONS) given.predictions = p.value;
    }
    if (!given.help) {
        char **arguments;
        TRY(options_arguments(&p, 1, "the run directory", &arguments));
        given.directory = arguments[0];
        if (given.point == NULL)
            return status_fail(STATUS_CONFIG, "eval: say which point with --point ID, --point KEY or --point best");
    }
    *out = given;
    return status_ok();
}

static int label_of(const eval_result *r, int i)
{
    return r->data->labels[r->data->split_index[SPLIT_TEST][i]];
}

static double agreement(const eval_result *r)
{
    int same = 0;
    for (int i = 0; i < r->count; i++) same += r->in_integers[i] == r->in_float[i];
    return 100.0 * same / r->count;
}

static double accuracy(const eval_result *r, const int *classes)
{
    int right = 0;
    for (int i = 0; i < r->count; i++) right += classes[i] == label_of(r, i);
    return 100.0 * right / r->count;
}

static status print_confusion(const eval_result *r, const int *classes)
{
    const int k = r->data->classes;
    int *times = calloc((size_t)k * (size_t)k, sizeof *times);
    if (times == NULL) return status_fail(STATUS_MEMORY, "no memory for a table of %d classes", k);
    for (int i = 0; i < r->count; i++) times[label_of(r, i) * k + classes[i]]++;
    printf("\nconfusion (rows: the label; columns: what it is taken for)\n%-20s", "");
    for (int c = 0; c < k; c++) printf(" %5d", c);
    for (int l = 0; l < k; l++) {
        printf("\n%3d %-16.16s", l, r->data->class_names + (size_t)l * DATASET_NAME);
        for (int c = 0; c < k; c++) printf(" %5d", times[l * k + c]);
    }
    putchar('\n');
    free(times);
    return status_ok();
}

static status write_predictions(const eval_result *r, const char *path)
{
    char *text = NULL;
    size_t length;
    FILE *out = open_memstream(&text, &length);
    if (out == NULL) return status_fail(STATUS_MEMORY, "no memory for %s", path);
    fprintf(out, "image,label,class%s\n", r->in_integers != NULL ? ",integer_class" : "");
    for (int i = 0; i < r->count; i++) {
        fprintf(out, "%d,%d,%d", (int)r->data->split_index[SPLIT_TEST][i], label_of(r, i), r->in_float[i]);
        if (r->in_integers != NULL) fprintf(out, ",%d", r->in_integers[i]);
        fputc('\n', out);
    }
    const bool complete = fclose(out) == 0;
    status s = complete ? file_write_text(path, text) : status_fail(STATUS_MEMORY, "no memory for %s", path);
    free(text);
    return s;
}

static status run_integers(eval_result *r, point_network *network)
{
    const dataset *d = r->data;
    integer_network n;
    r->in_integers = malloc((size_t)r->count * sizeof *r->in_integers);
    if (r->in_integers == NULL) return status_fail(STATUS_MEMORY, "no memory for %d predictions", r->count);
    TRY(integer_build(&n, point_network_model(network),
                      (integer_samples){.is_signed = d->is_signed != 0, .scale = d->scale}));
    const double started = clock_seconds();
    status s = predict_integer(r->in_integers, &n, d, SPLIT_TEST);
    r->integer_seconds = clock_seconds() - started;
    integer_network_free(&n);
    return s;
}

static status run_networks(eval_result *r, const run_point *p, bool integer)
{
    r->data = &p->data;
    r->count = p->data.split_count[SPLIT_TEST];
    if (r->count == 0) return status_fail(STATUS_CONFIG, "data set %s has no test images", p->data.name);
    r->in_float = malloc((size_t)r->count * sizeof *r->in_float);
    if (r->in_float == NULL) return status_fail(STATUS_MEMORY, "no memory for %d predictions", r->count);
    point_network network;
    TRY(point_network_open(&network, &p->inputs, &p->record, CAPACITY, MODEL_FOR_EVALUATION));
    const double started = clock_seconds();
    status s = predict_float(r->in_float, &network, r->data, SPLIT_TEST);
    r->float_seconds = clock_seconds() - started;
    if (!failed(s) && integer) s = run_integers(r, &network);
    point_network_close(&network);
    return s;
}

static status report(const eval_result *r, const run_point *p, const eval_arguments *a)
{
    const bool quantised = p->record.allocation_count > 0;
    printf("network %s, %s\n%d test images of %s\n\n", p->inputs.graph->name, p->title, r->count, p->data.name);
    printf("%-24s %7s %10s\n", "", "test %", "images/s");
    printf("%-24s %7.2f\n", "recorded by the sweep", 100 * p->record.test_accuracy);
    printf("%-24s %7.2f %10.0f\n", quantised ? "fake-quantised" : "in float", accuracy(r, r->in_float),
           r->count / r->float_seconds);
    if (r->in_integers != NULL) {
        printf("%-24s %7.2f %10.0f\n", "integer", accuracy(r, r->in_integers), r->count / r->integer_seconds);
        printf("%-24s %7.2f\n", "same class in both", agreement(r));
    }
    if (a->confusion) TRY(print_confusion(r, r->in_integers != NULL ? r->in_integers : r->in_float));
    return a->predictions != NULL ? write_predictions(r, a->predictions) : status_ok();
}

static status run_eval(int argc, char **argv, int *exit_code)
{
    (void)exit_code;
    eval_arguments given = {.point = NULL};
    TRY(read_arguments(&given, argc, argv));
    if (given.help) {
        command_help(&command_eval);
        return status_ok();
    }
    run_point *p = calloc(1, sizeof *p);
    if (p == NULL) return status_fail(STATUS_MEMORY, "no memory for the point");
    eval_result result = {.count = 0};
    status s = run_point_open(p, given.directory, given.point, given.data);
    if (!failed(s)) s = run_networks(&result, p, given.integer);
    if (!failed(s)) s = report(&result, p, &given);
    free(result.in_integers);
    free(result.in_float);
    run_point_close(p);
    free(p);
    return s;
}

const command command_eval = {
    .name = "eval",
    .arguments = "RUN",
    .summary = "run a point's network on the test images, also as integers",
    .details =
        "Evaluates the network of a finished task as it was trained, with fake quantisation in float, and with\n"
        "--integer as the integer network that bitfront export writes (core/deploy/README.md).\n"
        "With --predictions every image gets a line: its number in the data set, its label, its class, and with\n"
        "--integer its class by integers.\n",
    .examples = "  bitfront eval results/runs/demo --point best --integer\n"
                "  bitfront eval results/runs/demo --point 7 --integer --confusion --predictions out.csv\n",
    .options = options,
    .run = run_eval,
};
