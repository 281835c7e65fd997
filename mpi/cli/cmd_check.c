/* bitfront check: is this network, configuration, data set or run in order? Changes nothing. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/base/file.h"
#include "core/base/share.h"
#include "core/config/config.h"
#include "core/data/dataset.h"
#include "core/net/graph/graph.h"
#include "core/net/graph/graph_build.h"
#include "mpi/cli/check_result.h"
#include "mpi/cli/command.h"
#include "mpi/cli/config_options.h"
#include "mpi/cli/inputs.h"
#include "mpi/cli/run_plan.h"
#include "results/file/stopping_file.h"
#include "results/run/run_index.h"
#include "results/run/run_inventory.h"

static const option_spec options[] = {CONFIG_OPTION_SET, OPTIONS_END};

/* Does the file begin with these bytes? */
static bool begins_with(const char *path, const char *mark, size_t length)
{
    char head[16] = "";
    FILE *file = fopen(path, "rb");
    if (file == NULL) return false;
    size_t got = fread(head, 1, sizeof head, file);
    fclose(file);
    return got >= length && memcmp(head, mark, length) == 0;
}

static bool is_hdf5(const char *path)
{
    return begins_with(path, "\x89HDF\r\n\x1a\n", 8);
}

/* Raw data are no data set yet. */
static status refuse_raw(const char *path)
{
    static const struct {
        const char *mark;
        size_t length;
        const char *what, *kind;
    } raw[] = {
        {"\x93NUMPY", 6, "a NumPy array", "npy"},  {"PK\3\4", 4, "a .zip or .npz", "npy"},
        {"\x89PNG", 4, "a picture", "folder"},     {"\xff\xd8\xff", 3, "a picture", "folder"},
        {"RIFF", 4, "a sound", "speech_commands"},
    };
    for (size_t i = 0; i < sizeof raw / sizeof raw[0]; i++)
        if (begins_with(path, raw[i].mark, raw[i].length))
            return status_fail(STATUS_CONFIG,
                               "check: %.300s is %s, not a prepared data set; make one: bitfront prepare %s --help",
                               path, raw[i].what, raw[i].kind);
    return status_ok();
}

/* A network file has layers; whatever else is wrong with it is said when it is read as one. */
static bool is_network(const char *path)
{
    config *c;
    if (failed(config_open(&c, path))) return false;
    bool layers = config_find(config_root(c), "layers") != NULL;
    config_close(c);
    return layers;
}

static status check_network(const char *path)
{
    graph g;
    TRY(graph_load(&g, path));
    printf("%s is in order\n", path);
    graph_print(stdout, &g);
    graph_free(&g);
    return status_ok();
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
    if (has_data) s = inputs_load_data(&in);
    if (!failed(s)) {
        printf("%s is in order: %d tasks, network %s", path, in.plan.count, in.networks.graphs[0].name);
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
    void *block;
    dataset d;
    TRY(inputs_load_dataset(&block, &d, path));
    printf("%s is in order: %s, %d x %d x %d, %d classes, %d training, %d validation, %d test samples\n", path, d.name,
           d.height, d.width, d.channels, d.classes, d.split_count[SPLIT_TRAIN], d.split_count[SPLIT_VALIDATION],
           d.split_count[SPLIT_TEST]);
    inputs_note_data(stdout, &d, path);
    free(block);
    return status_ok();
}

static status check_hdf5(const char *path)
{
    bool is_result = false;
    if (is_hdf5(path)) TRY(check_result_file(&is_result, path));
    return is_result ? status_ok() : check_data(path);
}

typedef struct {
    int done, failed, stopped, unusable;
} run_counts;

/* Reads every result of the plan; those that are not what their name says are told. */
static status check_results(run_counts *out, const run_plan *p)
{
    for (int i = 0; i < p->plan.count; i++) {
        const task *t = &p->plan.tasks[i];
        char path[MAX_PATH_TEXT];
        run_task_path(path, &p->run, t->key);
        if (!file_exists(path)) continue;
        record found;
        status sound = run_read_task(&found, &p->run, t->key);
        if (failed(sound) && sound.code != STATUS_DATA) return sound;
        if (failed(sound)) {
            printf("task %d: %s\n", t->id, sound.message);
            out->unusable++;
            continue;
        }
        out->done += found.state == RECORD_DONE;
        out->failed += found.state == RECORD_FAILED;
        record_free(&found);
    }
    return status_ok();
}

/* Points of the plan that a sweep has stopped early. */
static status count_stopped(int *out, const run_plan *p)
{
    char path[MAX_PATH_TEXT + 32];
    stopping_row *rows;
    int count;
    snprintf(path, sizeof path, "%s/stopping.csv", p->run.directory);
    TRY(stopping_file_read(&rows, &count, path));
    for (int i = 0; i < count; i++) {
        char result[MAX_PATH_TEXT];
        run_task_path(result, &p->run, rows[i].key);
        *out += rows[i].verdict == ROW_STOPPED && task_plan_find(&p->plan, rows[i].key) > 0 && !file_exists(result);
    }
    free(rows);
    return status_ok();
}

/* results.h5 may be older than the newest tasks; what is in it has to be right. Where it and the files that it was made
 * of have not been touched since it was made, its copies say what those files say, which were read. */
static status check_snapshot(const run_plan *p)
{
    char path[MAX_PATH_TEXT + 16];
    size_t rows;
    bool current;
    snprintf(path, sizeof path, "%s/results.h5", p->run.directory);
    if (!file_exists(path)) return status_ok();
    TRY(run_index_current(&current, &p->run, &p->plan));
    TRY(check_results_file(&rows, path, !current));
    if (rows <= (size_t)p->plan.count) return status_ok();
    return status_fail(STATUS_DATA, "%.300s has %zu points where the plan has %d tasks", path, rows, p->plan.count);
}

static status check_plan(const run_plan *p)
{
    run_counts n = {0};
    run_inventory lying;
    TRY(check_results(&n, p));
    TRY(count_stopped(&n.stopped, p));
    TRY(run_inventory_read(&lying, &p->run));
    int others = lying.count - run_inventory_planned(&lying, &p->plan);
    run_inventory_free(&lying);
    const char *directory = p->run.directory;
    if (n.unusable > 0)
        return status_fail(
            STATUS_DATA,
            "%.200s: %d of its files cannot be used, see above; a sweep moves them aside and trains these "
            "tasks again",
            directory, n.unusable);
    TRY(check_snapshot(p));
    printf("%s is in order: %d of %d tasks done, %d failed, %d to do", directory, n.done, p->plan.count, n.failed,
           p->plan.count - n.done - n.failed - n.stopped);
    if (n.stopped > 0) printf(", %d stopped early", n.stopped);
    if (others > 0) printf("; %d results of other plans lie there", others);
    putchar('\n');
    return status_ok();
}

static status check_run(const char *directory)
{
    run_plan *p = calloc(1, sizeof *p);
    if (p == NULL) return status_fail(STATUS_MEMORY, "no memory for the plan of %.200s", directory);
    status s = run_plan_open(p, directory);
    if (!failed(s)) s = check_plan(p);
    run_plan_close(p);
    free(p);
    return s;
}

static status run_check(int argc, char **argv, int *exit_code)
{
    (void)exit_code;
    config_options given = {0};
    option_parser p = options_start("check", options, argc, argv);
    for (int letter = -1; letter != 0;) {
        TRY(options_next(&p, &letter));
        if (letter == 'h') {
            command_help(&command_check);
            return status_ok();
        }
        if (letter == 's') TRY(config_options_add(&given, p.value));
    }
    char **arguments;
    TRY(options_arguments(&p, 1, "what to check", &arguments));
    char path[SHARE_PATH];
    share_find(path, arguments[0], "networks");
    if (!file_exists(path)) share_find(path, arguments[0], "");
    if (!file_exists(path))
        return status_fail(STATUS_CONFIG, "check: %s does not exist%s", path, share_nearest(path, "networks").text);
    if (file_is_directory(path)) return check_run(path);
    TRY(file_check_plain(path));
    if (is_hdf5(path) || ends_with(path, ".h5")) return check_hdf5(path);
    TRY(refuse_raw(path));
    if (!is_network(path)) return check_config(path, &given);
    if (given.count == 0) return check_network(path);
    return status_fail(STATUS_CONFIG, "check: --set changes a configuration, and %s is a network", path);
}

const command command_check = {
    .name = "check",
    .arguments = "NETWORK|CONFIG|DATA.h5|RESULT.h5|RUN",
    .summary = "validate a network, a configuration, a data set, a result file or a run directory",
    .details = "What it is given it finds out itself. A network is read and its layers are listed; a configuration is "
               "checked together with its network and (when it exists) its data set; a data set by\n"
               "its labels, splits and checksum; a task file, results.h5 or a checkpoint by its seal, its key and "
               "every field\n"
               "of results/SCHEMA.md; a run directory by its plan, every task file in it and results.h5. Changes "
               "nothing.\n",
    .examples = "  bitfront check configs/demo.cfg\n"
                "  bitfront check data/synthetic.h5\n"
                "  bitfront check results/runs/demo\n",
    .options = options,
    .run = run_check,
};
