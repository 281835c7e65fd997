/* bitfront prepare: raw data -> prepared data set. */
#include <limits.h>
#include <stdio.h>
#include <string.h>

#include "core/base/file.h"
#include "core/config/settings.h"
#include "core/data/import/import_cifar10.h"
#include "core/data/import/import_speech_commands.h"
#include "core/data/import/synthetic.h"
#include "mpi/cli/command.h"

enum { TRAIN = 1, VALIDATION, TEST };
static const double CIFAR10_VALIDATION_FRACTION = 0.2; /* method.md 5.2 */

static const option_spec options[] = {
    {'o', "output", "FILE.h5", "the prepared data set (required)"},
    {'i', "source", "PATH", "cifar10: the .tar.gz archive, or a folder with the .bin, .bin.xz or .bin.gz files"},
    {'f', "features", "DIR", "speech_commands: a folder with train.bin, val.bin, test.bin (or .xz) of ready features"},
    {'r', "seed", "N", "cifar10: of the split; synthetic: of everything that is drawn; default 1"},
    {TRAIN, "train", "N", "synthetic: training images; default 8000"},
    {VALIDATION, "validation", "N", "synthetic: validation images; default 2000"},
    {TEST, "test", "N", "synthetic: test images; default 2000"},
    OPTIONS_END,
};

typedef struct {
    const char *kind, *source, *features, *output;
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
        case 'f':
            given.features = p.value;
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
        TRY(options_arguments(&p, 1, "what to prepare (cifar10, speech_commands or synthetic)", &arguments));
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

/* One kind of data set: checks the arguments that are its own, then prepares. */
typedef status preparer(const prepare_arguments *given);

static status check_source(const char *kind, const char *option, const char *path)
{
    if (path == NULL) return status_fail(STATUS_CONFIG, "prepare: %s needs --%s PATH", kind, option);
    if (!file_exists(path)) return status_fail(STATUS_CONFIG, "prepare: %s %s does not exist", option, path);
    return status_ok();
}

static status check_no_sizes(const prepare_arguments *given)
{
    if (!given->sizes_given) return status_ok();
    return status_fail(STATUS_CONFIG, "prepare: %s has the sizes it has", given->kind);
}

static status prepare_cifar10(const prepare_arguments *given)
{
    TRY(check_source("cifar10", "source", given->source));
    TRY(check_no_sizes(given));
    TRY(make_parent(given->output));
    return import_cifar10(given->source, given->output, (uint64_t)given->seed, CIFAR10_VALIDATION_FRACTION);
}

static status prepare_speech_commands(const prepare_arguments *given)
{
    TRY(check_source("speech_commands", "features", given->features));
    TRY(check_no_sizes(given));
    TRY(make_parent(given->output));
    return import_speech_commands(given->features, given->output);
}

static status prepare_synthetic(const prepare_arguments *given)
{
    TRY(make_parent(given->output));
    return synthetic_prepare(given->output, (uint64_t)given->seed, (int)given->train, (int)given->validation,
                             (int)given->test);
}

static status run_prepare(int argc, char **argv, int *exit_code)
{
    static const struct {
        const char *kind;
        preparer *prepare;
    } kinds[] = {
        {"cifar10", prepare_cifar10}, {"speech_commands", prepare_speech_commands}, {"synthetic", prepare_synthetic}};
    (void)exit_code;
    prepare_arguments given = {0};
    TRY(read_arguments(&given, argc, argv));
    if (given.help) {
        command_help(&command_prepare);
        return status_ok();
    }
    if (given.source != NULL && strcmp(given.kind, "cifar10") != 0)
        return status_fail(STATUS_CONFIG, "prepare: --source belongs to cifar10, not to %s", given.kind);
    if (given.features != NULL && strcmp(given.kind, "speech_commands") != 0)
        return status_fail(STATUS_CONFIG, "prepare: --features belongs to speech_commands, not to %s", given.kind);
    for (size_t i = 0; i < sizeof kinds / sizeof kinds[0]; i++) {
        if (strcmp(kinds[i].kind, given.kind) != 0) continue;
        TRY(file_check_place(given.output)); /* before the work */
        TRY(kinds[i].prepare(&given));
        printf("wrote %s\n", given.output);
        return status_ok();
    }
    return status_fail(STATUS_CONFIG, "prepare: cannot prepare \"%s\"; known: cifar10, speech_commands, synthetic",
                       given.kind);
}

const command command_prepare = {
    .name = "prepare",
    .arguments = "cifar10|speech_commands|synthetic",
    .summary = "make a data set that a sweep can read",
    .details =
        "cifar10: the binary version of CIFAR-10, from --source. speech_commands: ready 49x10 keyword features, from\n"
        "--features. synthetic: 32x32 colour images of digits, drawn by the program from a seed; for the demo and the\n"
        "tests.\n",
    .options = options,
    .run = run_prepare,
};
