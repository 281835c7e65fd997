/* bitfront prepare: raw data -> prepared data set. */
#include <limits.h>
#include <stdio.h>
#include <string.h>

#include "core/base/file.h"
#include "core/config/settings.h"
#include "core/data/import_cifar10.h"
#include "core/data/synthetic.h"
#include "mpi/command.h"

enum { TRAIN = 1, VALIDATION, TEST };
static const double CIFAR10_VALIDATION_FRACTION = 0.2; /* method.md 5.2 */

static const option_spec options[] = {
    {'o', "output", "FILE.h5", "the prepared data set (required)"},
    {'i', "source", "PATH", "cifar10: the .tar.gz archive, or a folder with the .bin, .bin.xz or .bin.gz files"},
    {'r', "seed", "N", "cifar10: of the split; synthetic: of everything that is drawn; default 1"},
    {TRAIN, "train", "N", "synthetic: training images; default 8000"},
    {VALIDATION, "validation", "N", "synthetic: validation images; default 2000"},
    {TEST, "test", "N", "synthetic: test images; default 2000"},
    OPTIONS_END,
};

typedef struct {
    const char *kind, *source, *output;
    long seed, train, validation, test;
    bool help, sizes_given;
} prepare_arguments;

static status read_arguments(prepare_arguments *out, int argc, char **argv)
{
    prepare_arguments given = {
        .seed = 1, .train = SYNTHETIC_TRAIN, .validation = SYNTHETIC_VALIDATION, .test = SYNTHETIC_TEST};
    enum { MOST = 1000000 };
    option_parser p = options_start("prepare", options, argc, argv);
    for (int letter = -1; letter != 0;) {
        TRY(options_next(&p, &letter));
        given.sizes_given = given.sizes_given || letter == TRAIN || letter == VALIDATION || letter == TEST;
        switch (letter) {
        case 'o':
            given.output = p.value;
            break;
        case 'i':
            given.source = p.value;
            break;
        case 'r':
            TRY(options_integer(&p, "seed", 0, INT_MAX, &given.seed));
            break;
        case TRAIN:
            TRY(options_integer(&p, "train", 1, MOST, &given.train));
            break;
        case VALIDATION:
            TRY(options_integer(&p, "validation", 1, MOST, &given.validation));
            break;
        case TEST:
            TRY(options_integer(&p, "test", 1, MOST, &given.test));
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
        TRY(options_arguments(&p, 1, "what to prepare (cifar10 or synthetic)", &arguments));
        given.kind = arguments[0];
        if (given.output == NULL)
            return status_fail(STATUS_CONFIG, "prepare: say where to put it with --output FILE.h5");
    }
    *out = given;
    return status_ok();
}

static status make_parent(const char *path)
{
    char directory[MAX_PATH_TEXT];
    if (snprintf(directory, sizeof directory, "%s", path) >= MAX_PATH_TEXT)
        return status_fail(STATUS_CONFIG, "prepare: the output path is too long");
    char *slash = strrchr(directory, '/');
    if (slash == NULL || slash == directory) return status_ok();
    *slash = '\0';
    return file_make_directory(directory);
}

static status run_prepare(const runtime *rt, int argc, char **argv, int *exit_code)
{
    (void)rt;
    (void)exit_code;
    prepare_arguments given = {0};
    TRY(read_arguments(&given, argc, argv));
    if (given.help) {
        command_help(stdout, &command_prepare);
        return status_ok();
    }
    bool cifar10 = strcmp(given.kind, "cifar10") == 0;
    if (!cifar10 && strcmp(given.kind, "synthetic") != 0)
        return status_fail(STATUS_CONFIG, "prepare: cannot prepare \"%s\"; known: cifar10, synthetic", given.kind);
    if (cifar10 && given.source == NULL) return status_fail(STATUS_CONFIG, "prepare: cifar10 needs --source PATH");
    if (cifar10 && !file_exists(given.source))
        return status_fail(STATUS_CONFIG, "prepare: source %s does not exist", given.source);
    if (cifar10 && given.sizes_given) return status_fail(STATUS_CONFIG, "prepare: cifar10 has the sizes it has");
    if (!cifar10 && given.source != NULL) return status_fail(STATUS_CONFIG, "prepare: synthetic needs no --source");
    TRY(make_parent(given.output));
    if (cifar10)
        TRY(import_cifar10(given.source, given.output, (uint64_t)given.seed, CIFAR10_VALIDATION_FRACTION));
    else
        TRY(synthetic_prepare(given.output, (uint64_t)given.seed, (int)given.train, (int)given.validation,
                              (int)given.test));
    printf("wrote %s\n", given.output);
    return status_ok();
}

const command command_prepare = {
    .name = "prepare",
    .arguments = "cifar10|synthetic",
    .summary = "make a data set that a sweep can read",
    .details =
        "cifar10: the binary version of CIFAR-10, from --source. synthetic: 32x32 colour images of digits, drawn by\n"
        "the program from a seed; for the demo and the tests.\n",
    .options = options,
    .run = run_prepare,
};
