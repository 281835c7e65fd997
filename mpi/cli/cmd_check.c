/* bitfront check: is this configuration, data set or run in order? Changes nothing. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "core/base/file.h"
#include "core/data/dataset.h"
#include "mpi/cli/command.h"
#include "mpi/cli/config_options.h"
#include "mpi/cli/inputs.h"
#include "mpi/link/shared_data.h"
#include "results/run/run.h"

static const option_spec options[] = {CONFIG_OPTION_SET, OPTIONS_END};

static bool is_directory(const char *path)
{
    struct stat info;
    return stat(path, &info) == 0 && S_ISDIR(info.st_mode);
}

/* HDF5 files begin with these eight bytes. */
static bool is_hdf5(const char *path)
{
    static const char mark[8] = {'\x89', 'H', 'D', 'F', '\r', '\n', '\x1a', '\n'};
    char head[sizeof mark] = "";
    FILE *file = fopen(path, "rb");
    if (file == NULL) return false;
    size_t got = fread(head, 1, sizeof head, file);
    fclose(file);
    return got == sizeof head && memcmp(head, mark, sizeof mark) == 0;
}

static bool ends_with(const char *text, const char *end)
{
    size_t length = strlen(text), tail = strlen(end);
    return length >= tail && strcmp(text + length - tail, end) == 0;
}

static status check_config(const char *path, const config_options *given)
{
    sweep_inputs in;
    status s = inputs_read(&in, path, given->overrides, given->count);
    bool has_data = !failed(s) && file_exists(in.settings.data);
    if (has_data) s = inputs_load_data(&in, MPI_COMM_NULL);
    if (!failed(s)) {
        printf("%s is in order: %d tasks, network %s", path, in.task_count, in.graph.name);
        if (has_data)
            printf(", data %s\n", in.data.name);
        else
            printf("; its data set %s does not exist yet\n", in.settings.data);
    }
    inputs_free(&in);
    return s;
}

static status check_data(const char *path)
{
    shared_data owner;
    dataset d;
    TRY(shared_data_load(&owner, &d, MPI_COMM_NULL, path));
    printf("%s is in order: %s, %d x %d x %d, %d classes, %d training, %d validation, %d test samples\n", path, d.name,
           d.height, d.width, d.channels, d.classes, d.split_count[SPLIT_TRAIN], d.split_count[SPLIT_VALIDATION],
           d.split_count[SPLIT_TEST]);
    shared_data_free(&owner);
    return status_ok();
}

/* Reads every task file that should be there; the first bad one is the answer. */
static status check_run(const char *directory)
{
    char config[MAX_PATH_TEXT + 16];
    snprintf(config, sizeof config, "%s/config.cfg", directory);
    if (!file_exists(config))
        return status_fail(STATUS_CONFIG, "%s is not a run directory: it has no config.cfg", directory);
    settings *s = malloc(sizeof *s);
    if (s == NULL) return status_fail(STATUS_MEMORY, "no memory for the settings");
    task *tasks = NULL;
    int count = 0, done = 0, bad = 0;
    status outcome = settings_load(s, config, NULL, 0);
    if (!failed(outcome)) outcome = task_list_build(&tasks, &count, s);
    free(s);
    TRY(outcome);
    free(tasks);
    run r;
    memset(&r, 0, sizeof r);
    snprintf(r.directory, sizeof r.directory, "%s", directory);
    for (int id = 1; id <= count; id++) {
        char path[MAX_PATH_TEXT];
        run_task_path(path, &r, id);
        if (!file_exists(path)) continue;
        record found;
        TRY(run_read_task(&found, &r, id));
        if (found.state == RECORD_DONE)
            done++;
        else
            bad++;
        record_free(&found);
    }
    printf("%s is in order: %d of %d tasks done, %d failed, %d to do\n", directory, done, count, bad,
           count - done - bad);
    return status_ok();
}

static status run_check(const runtime *rt, int argc, char **argv, int *exit_code)
{
    (void)rt;
    (void)exit_code;
    config_options given = {0};
    option_parser p = options_start("check", options, argc, argv);
    for (int letter = -1; letter != 0;) {
        TRY(options_next(&p, &letter));
        if (letter == 'h') {
            command_help(stdout, &command_check);
            return status_ok();
        }
        if (letter == 's') TRY(config_options_add(&given, p.value));
    }
    char **arguments;
    TRY(options_arguments(&p, 1, "what to check", &arguments));
    const char *path = arguments[0];
    if (!file_exists(path)) return status_fail(STATUS_CONFIG, "check: %s does not exist", path);
    if (is_directory(path)) return check_run(path);
    return is_hdf5(path) || ends_with(path, ".h5") ? check_data(path) : check_config(path, &given);
}

const command command_check = {
    .name = "check",
    .arguments = "CONFIG|DATA.h5|RUN",
    .summary = "validate a configuration, a data set or a run directory",
    .details = "A configuration is checked together with its network and (when it exists) its data set; a data set by\n"
               "its labels, splits and checksum; a run directory by every task file in it. Changes nothing.\n",
    .options = options,
    .run = run_check,
};
