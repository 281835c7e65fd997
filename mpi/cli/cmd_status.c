/* bitfront status: where a sweep stands. */
#define _POSIX_C_SOURCE 200809L
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "core/base/clock.h"
#include "core/base/file.h"
#include "core/base/text.h"
#include "mpi/cli/command.h"
#include "mpi/cli/queue_state.h"
#include "results/report/report_gain.h"
#include "results/report/terminal.h"
#include "results/run/run.h"
#include "results/run/run_log.h"
#include "results/run/run_look.h"
#include "results/run/run_use.h"

enum { WATCH = 1, JSON };
enum { MOST_FAILURES = 10, LATEST = 64, MORE_BYTES = 32768, LOG_END = 256 * 1024, WHOLE_LOG = 1024 * 1024 };
static const double WATCH_SECONDS = 2;

static const option_spec options[] = {
    {WATCH, "watch", NULL, "again every two seconds, until nobody works on it"},
    {JSON, "json", NULL, "print one JSON object (with --watch: one a line)"},
    OPTIONS_END,
};

/* What the status adds to the record that the sweep keeps: from results.h5 and the end of the log. */
typedef struct {
    int latest[LATEST]; /* ids of the tasks that ended last, oldest first */
    size_t latest_count;
    double latest_time[LATEST]; /* s since 1970 */
    report_gain gain;
    struct {
        int id;
        char key[12], reason[256];
    } failures[MOST_FAILURES];
    size_t failure_count, more_failures;
    run_use use;           /* all zero: not told */
    run_use_reader *using; /* while the log is read; NULL: not told */
} sweep_news;

static void take_line(void *ctx, const run_log_line *line)
{
    sweep_news *news = ctx;
    if (news->using != NULL) run_use_take(news->using, line);
    if (strcmp(line->event, "task_done") != 0 || line->task == 0) return;
    if (news->latest_count == LATEST) {
        memmove(news->latest, news->latest + 1, (LATEST - 1) * sizeof *news->latest);
        memmove(news->latest_time, news->latest_time + 1, (LATEST - 1) * sizeof *news->latest_time);
        news->latest_count--;
    }
    news->latest[news->latest_count] = line->task;
    news->latest_time[news->latest_count++] = line->time;
}

static void take_failure(void *ctx, int id, const char *key, const char *reason)
{
    sweep_news *news = ctx;
    news->failures[news->failure_count].id = id;
    snprintf(news->failures[news->failure_count].key, 12, "%.8s", key);
    snprintf(news->failures[news->failure_count].reason, 256, "%s", reason);
    text_printable(news->failures[news->failure_count].key);
    text_printable(news->failures[news->failure_count++].reason);
}

/* How busy the ranks were is told of runs whose log is read in a moment. */
static status read_log(sweep_news *out, const char *directory, bool running)
{
    if (running || run_log_bytes(directory) >= WHOLE_LOG) return run_log_read_end(directory, LOG_END, take_line, out);
    TRY(run_use_begin(&out->using));
    const status seen = run_log_read(directory, take_line, out), summed = run_use_end(&out->use, out->using);
    TRY(seen);
    return summed;
}

static status read_news(sweep_news *out, const char *directory, const run_job *lead)
{
    char path[MAX_PATH_TEXT + 16];
    *out = (sweep_news){.gain = {.volume = NAN}};
    TRY(read_log(out, directory, lead->running));
    snprintf(path, sizeof path, "%s/results.h5", directory);
    if (!file_exists(path)) return status_ok();
    TRY(report_gain_read(&out->gain, path, out->latest, out->latest_count));
    if (lead->failed == 0) return status_ok();
    return report_failures(path, MOST_FAILURES, take_failure, out, &out->more_failures);
}

static void print_gain(FILE *out, const sweep_news *news)
{
    const report_gain *g = &news->gain;
    if (g->points == 0) return;
    fprintf(out, "front    %d of %d points", g->on_front, g->points);
    if (!isnan(g->volume)) fprintf(out, "; hypervolume %.4f (size, validation accuracy)", g->volume);
    for (size_t i = 0; i < news->latest_count && g->last != 0 && !isnan(g->volume); i++)
        if (news->latest[i] == g->last) {
            fprintf(out, ", last gain %.4f by task %d, %zu before the latest", g->gain, g->last,
                    news->latest_count - 1 - i);
            break;
        }
    if (g->last == 0 && news->latest_count > 0) fprintf(out, ", no gain by the latest %zu tasks", news->latest_count);
    fputc('\n', out);
}

static void print_news(FILE *out, const sweep_news *news)
{
    print_gain(out, news);
    for (size_t i = 0; i < news->failure_count; i++)
        fprintf(out, "failed   task %d (%s): %s\n", news->failures[i].id, news->failures[i].key,
                news->failures[i].reason);
    if (news->more_failures > 0) fprintf(out, "         and %zu more; bitfront list shows all\n", news->more_failures);
    if (news->use.capacity > 0)
        fprintf(out, "use      its ranks that compute were busy %.1f %% of %.4g s\n",
                100 * news->use.busy / news->use.capacity, news->use.makespan);
}

static void news_json(char out[MORE_BYTES], const sweep_news *news)
{
    const report_gain *g = &news->gain;
    char quoted[2048];
    size_t used = (size_t)snprintf(out, MORE_BYTES, "\"points\":%d,\"on_front\":%d", g->points, g->on_front);
    if (!isnan(g->volume))
        used += (size_t)snprintf(out + used, MORE_BYTES - used, ",\"hypervolume\":%.9g,\"last_gain\":%.9g", g->volume,
                                 g->gain);
    if (g->last != 0) used += (size_t)snprintf(out + used, MORE_BYTES - used, ",\"last_gain_by\":%d", g->last);
    used += (size_t)snprintf(out + used, MORE_BYTES - used, ",\"failures\":[");
    for (size_t i = 0; i < news->failure_count; i++) {
        run_json_text(quoted, sizeof quoted, news->failures[i].reason);
        used += (size_t)snprintf(out + used, MORE_BYTES - used, "%s{\"task\":%d,\"key\":\"%s\",\"reason\":%s}",
                                 i > 0 ? "," : "", news->failures[i].id, news->failures[i].key, quoted);
    }
    snprintf(out + used, MORE_BYTES - used, "]");
}

/* *on: somebody works on it, or will without being told to. */
static status show(const char *directory, bool json, run_look_style style, bool *on)
{
    run_look look;
    sweep_news news;
    status s = run_look_read(&look, directory);
    if (!failed(s)) s = read_news(&news, directory, &look.lead);
    if (!failed(s)) {
        queue_state waiting = queue_state_ask(&look);
        *on = look.lead.running || waiting.any;
        for (int i = 0; i < look.beside_count; i++) *on = *on || look.beside[i].running;
        if (json) {
            char more[MORE_BYTES];
            news_json(more, &news);
            s = run_look_json(stdout, &look, directory, more);
        } else {
            run_look_print(stdout, &look, directory, style);
            queue_state_print(stdout, &waiting);
            print_news(stdout, &news);
            run_look_print_next(stdout, &look);
        }
    }
    run_look_free(&look);
    return s;
}

static status watch(const char *directory, bool json, run_look_style style)
{
    const bool terminal = isatty(STDOUT_FILENO) != 0 && !json;
    for (bool on = true; on;) {
        if (terminal) fputs("\033[H\033[J", stdout);
        TRY(show(directory, json, style, &on));
        if (on && !json && !terminal) putchar('\n');
        if (fflush(stdout) != 0) return status_ok(); /* the reader has gone */
        if (on) clock_sleep(WATCH_SECONDS);
    }
    return status_ok();
}

static run_look_style style_of_output(void)
{
    const char *no_colour = getenv("NO_COLOR"), *kind = getenv("TERM");
    const bool able = isatty(STDOUT_FILENO) != 0 && kind != NULL && strcmp(kind, "dumb") != 0;
    return (run_look_style){.colour = able && (no_colour == NULL || no_colour[0] == '\0'),
                            .width = terminal_width(stdout, 0)};
}

static status run_status(int argc, char **argv, int *exit_code)
{
    (void)exit_code;
    bool again = false, json = false, on;
    option_parser p = options_start("status", options, argc, argv);
    for (int letter = -1; letter != 0;) {
        TRY(options_next(&p, &letter));
        if (letter == WATCH) again = true;
        if (letter == JSON) json = true;
        if (letter != 'h') continue;
        command_help(&command_status);
        return status_ok();
    }
    char **arguments;
    TRY(options_arguments(&p, 1, "the run directory", &arguments));
    const run_look_style style = style_of_output();
    return again ? watch(arguments[0], json, style) : show(arguments[0], json, style, &on);
}

const command command_status = {
    .name = "status",
    .arguments = "RUN",
    .summary = "show where a sweep stands, from any shell",
    .details =
        "Prints state, counts, the time that is left, the tasks at work, the hypervolume with its last gain, failures\n"
        "with their reasons, and the command that continues the sweep if nobody works on it. A running sweep renews\n"
        "RUN/status.json every second. Changes nothing and waits for nobody.\n",
    .examples = "  bitfront status results/runs/demo\n"
                "  bitfront status results/runs/demo --watch\n"
                "  bitfront status results/runs/demo --json\n",
    .options = options,
    .run = run_status,
};
