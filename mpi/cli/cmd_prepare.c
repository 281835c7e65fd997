/* bitfront prepare: raw data -> prepared data set. The kinds of data and their options are those of
 * core/data/import/importers.c. */
#include <stdio.h>
#include <string.h>

#include "core/base/file.h"
#include "core/base/spelling.h"
#include "core/data/import/importers.h"
#include "mpi/cli/command.h"
#include "mpi/cli/counter.h"
#include "mpi/cli/prepare_words.h"
#include "mpi/cli/preview.h"

enum { MAX_PATH = 4096, MAX_OPTIONS = 60, CODE_OUTPUT = 'o' };

/* The options of all importers, each name once; the code of one is its place here + 1, unless it has a letter. */
typedef struct {
    option_spec specs[MAX_OPTIONS + 2];
    int count;
} option_union;

static int find_option(const option_union *u, const char *name)
{
    for (int i = 0; i < u->count; i++)
        if (strcmp(u->specs[i].name, name) == 0) return i;
    return -1;
}

static void add_option(option_union *u, const import_key *k)
{
    if (find_option(u, k->name) >= 0 || u->count >= MAX_OPTIONS) return;
    char code = k->letter != 0 ? k->letter : (char)(u->count + 1);
    u->specs[u->count++] = (option_spec){code, k->name, k->value, k->help};
}

enum { CODE_PREVIEW = 'v' };
static const option_spec preview_option = {CODE_PREVIEW, "preview", NULL,
                                           "in place of KIND: DATA.h5 CONFIG; draws augmented samples to -o FILE.png"};
static const option_spec output_option = {CODE_OUTPUT, "out", "FILE.h5", "the prepared data set (required)"};
static const option_spec old_output_option = {CODE_OUTPUT, "output", "FILE.h5", NULL};

static void unite_options(option_union *u)
{
    *u = (option_union){.count = 0};
    u->specs[u->count++] = output_option;
    u->specs[u->count++] = preview_option;
    u->specs[u->count++] = old_output_option;
    for (int i = 0; importers[i] != NULL; i++)
        for (const import_key *k = importers[i]->keys; k->name != NULL; k++) add_option(u, k);
}

typedef struct {
    const char *kind;
    const char *config;              /* of a preview */
    const char *values[MAX_OPTIONS]; /* by the place in the union; "" for a switch */
    bool help, preview;
} given_options;

static status read_arguments(given_options *given, const option_union *u, int argc, char **argv)
{
    option_parser p = options_start("prepare", u->specs, argc, argv);
    for (int code = -1; code != 0;) {
        TRY(options_next(&p, &code));
        if (code == 'h') given->help = true;
        if (code == CODE_PREVIEW) given->preview = true;
        for (int i = 0; i < u->count; i++)
            if (u->specs[i].letter == code) given->values[i] = u->specs[i].value != NULL ? p.value : "";
    }
    char **arguments;
    int count;
    if (given->preview && !given->help) {
        TRY(options_arguments(&p, 2, "DATA.h5 CONFIG", &arguments));
        given->config = arguments[1];
    } else if (given->help) {
        TRY(options_at_least(&p, 0, "", &arguments, &count));
        if (count == 0) return status_ok();
    } else {
        TRY(options_arguments(&p, 1, "what to prepare (a kind of data)", &arguments));
    }
    given->kind = arguments[0];
    return status_ok();
}

static status unknown_kind(const char *kind)
{
    char known[300] = "", meant[48] = "";
    const char *near = NULL;
    for (int i = 0; importers[i] != NULL; i++) {
        size_t used = strlen(known);
        snprintf(known + used, sizeof known - used, "%s%s", i > 0 ? ", " : "", importers[i]->name);
        near = spelling_nearer(near, importers[i]->name, kind);
    }
    if (near != NULL) snprintf(meant, sizeof meant, " (did you mean \"%s\"?)", near);
    return status_fail(STATUS_CONFIG, "prepare: cannot prepare \"%.60s\"%s; known: %s", kind, meant, known);
}

static bool has_key(const importer *what, const char *name)
{
    for (const import_key *k = what->keys; k->name != NULL; k++)
        if (strcmp(k->name, name) == 0) return true;
    return false;
}

/* The importers that have the option, for the message about one that does not. */
static status wrong_option(const importer *what, const char *name)
{
    char owners[300] = "";
    for (int i = 0; importers[i] != NULL; i++) {
        if (!has_key(importers[i], name)) continue;
        size_t used = strlen(owners);
        snprintf(owners + used, sizeof owners - used, "%s%s", used > 0 ? ", " : "", importers[i]->name);
    }
    return status_fail(STATUS_CONFIG, "prepare: --%s belongs to %s, not to %s", name, owners, what->name);
}

/* What is known of one importer, with the options that it takes. */
static bool describe_part(command_part *out, int i)
{
    static option_union own; /* what `out` points into, until the next question */
    own = (option_union){.count = 0};
    if (importers[i] == NULL) return false;
    own.specs[own.count++] = output_option;
    for (const import_key *k = importers[i]->keys; k->name != NULL; k++) add_option(&own, k);
    *out = (command_part){importers[i]->name, importers[i]->summary, importers[i]->details, own.specs};
    return true;
}

static status print_importer(const char *kind)
{
    command_part part;
    for (int i = 0; describe_part(&part, i); i++) {
        if (strcmp(part.name, kind) != 0) continue;
        printf("Usage: bitfront prepare %s [options] -o FILE.h5\n\n%s.\n\n%s\nOptions:\n", part.name, part.summary,
               part.details);
        options_print(stdout, part.options);
        return status_ok();
    }
    return unknown_kind(kind);
}

static void print_help(void)
{
    command_help(&command_prepare);
    printf("\nKinds of data:\n");
    for (int i = 0; importers[i] != NULL; i++) printf("  %-16s %s\n", importers[i]->name, importers[i]->summary);
}

static status make_parent(const char *path)
{
    char directory[MAX_PATH];
    if (snprintf(directory, sizeof directory, "%s", path) >= MAX_PATH)
        return status_fail(STATUS_CONFIG, "prepare: the output path is too long");
    char *slash = strrchr(directory, '/');
    if (slash == NULL || slash == directory) return status_ok();
    *slash = '\0';
    return file_make_directory(directory);
}

static status draw_preview(const given_options *given, const option_union *u)
{
    const char *output = given->values[find_option(u, output_option.name)];
    if (output == NULL) return status_fail(STATUS_CONFIG, "prepare: say where to put the sheet with --out FILE.png");
    for (int i = 0; i < u->count; i++)
        if (given->values[i] != NULL && given->values[i] != output && u->specs[i].letter != CODE_PREVIEW)
            return status_fail(STATUS_CONFIG, "prepare: --%s is not for --preview", u->specs[i].name);
    TRY(make_parent(output));
    TRY(preview_write(output, given->kind, given->config));
    printf("wrote %s\n", output);
    return status_ok();
}

static counter shown; /* of this process; progress callbacks have no context */

static void show_progress(const char *what, long done, long of)
{
    counter_show(&shown, what, done, of);
}

/* Collective. */
static status run_importer(const import_request *request)
{
    const import_ranks *ranks = request->ranks;
    status s = status_ok();
    if (request->what->shared || ranks->rank == 0) s = request->what->run(request);
    return import_ranks_agree(ranks, s);
}

static status check_request(const import_request *request)
{
    TRY(file_check_place(request->output)); /* before the work */
    TRY(import_check(request));
    return make_parent(request->output);
}

static status prepare(const importer *what, const given_options *given, const option_union *u,
                      const import_ranks *ranks)
{
    const char *output = given->values[find_option(u, output_option.name)];
    if (output == NULL) return status_fail(STATUS_CONFIG, "prepare: say where to put it with --out FILE.h5");
    import_request request = {.what = what, .output = output, .progress = show_progress, .ranks = ranks};
    for (int i = 0; i < u->count; i++)
        if (given->values[i] != NULL && given->values[i] != output && !has_key(what, u->specs[i].name))
            return wrong_option(what, u->specs[i].name);
    for (int k = 0; what->keys[k].name != NULL; k++)
        request.values[k] = given->values[find_option(u, what->keys[k].name)];
    TRY(import_ranks_agree(ranks, check_request(&request)));
    shown = counter_new(stderr);
    status s = run_importer(&request);
    counter_end(&shown);
    TRY(s);
    if (ranks->rank == 0) printf("wrote %s\n", output);
    return status_ok();
}

static status print_any_help(const given_options *given)
{
    if (given->kind != NULL) return print_importer(given->kind);
    print_help();
    return status_ok();
}

static status share_prepare(const import_ranks *ranks, int argc, char **argv)
{
    option_union u;
    given_options given = {.kind = NULL};
    unite_options(&u);
    TRY(import_ranks_agree(ranks, read_arguments(&given, &u, argc, argv)));
    const bool first = ranks->rank == 0;
    if (given.kind == NULL || given.help) return first ? print_any_help(&given) : status_ok();
    if (given.preview) return first ? draw_preview(&given, &u) : status_ok();
    const importer *what = importer_find(given.kind);
    return what != NULL ? prepare(what, &given, &u, ranks) : unknown_kind(given.kind);
}

static const option_spec options[] = {
    {CODE_OUTPUT, "out", "FILE.h5", "the prepared data set (required)"},
    {CODE_PREVIEW, "preview", NULL, "in place of KIND: DATA.h5 CONFIG; draws augmented samples to -o FILE.png"},
    OPTIONS_END,
};

const command command_prepare = {
    .name = "prepare",
    .arguments = PREPARE_ARGUMENTS,
    .summary = PREPARE_SUMMARY,
    .details = "`bitfront prepare KIND --help` lists the options of one kind of data. Under mpirun, all ranks work\n"
               "(folder, tiny_imagenet, npy, idx, speech_commands); the file is the same. Killed, the same command\n"
               "goes on from FILE.h5.partial.\n",
    .examples = "  bitfront prepare synthetic -o data/synthetic.h5\n"
                "  bitfront prepare cifar10 --source cifar-10-binary.tar.gz -o data/cifar10.h5\n"
                "  bitfront prepare folder --source pictures --size 32 --channels 3 -o data/mine.h5\n"
                "  mpirun -n 4 bitfront prepare tiny_imagenet --source tiny-imagenet-200.zip -o data/tiny.h5\n"
                "  bitfront prepare --preview data/mine.h5 configs/mine.cfg -o sheet.png\n",
    .options = options,
    .part = describe_part,
    .share = share_prepare,
};
