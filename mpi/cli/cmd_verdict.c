/* bitfront verdict: does a run support a claim about search systems? */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/base/file.h"
#include "core/strategy/sensitivity_stage.h"
#include "mpi/cli/command.h"
#include "mpi/cli/run_plan.h"
#include "results/report/verdict.h"

static const option_spec options[] = {
    {'c', "cost", "COLUMN", "cost that the claim is about, e.g. mpic_cycles; default: that of the claim"},
    {'j', "json", NULL, "one JSON object instead of text"},
    OPTIONS_END,
};

/* Everything that is read of a run. */
typedef struct {
    run_plan plan;
    verdict_row *rows; /* (room) */
    double *epochs;    /* (tasks + 1) by id: of the task alone; 0: not done */
    double *warmups;   /* (tasks + 1) by id: test accuracy of a warm-up, %; NAN: of anything else */
    int count, room;
} evidence;

/* Of this task and what it starts from; a task that several of them start from counts once. */
static double epochs_of(const evidence *e, int id, bool *counted)
{
    const task *t = &e->plan.plan.tasks[id - 1];
    if (counted[id] || strcmp(t->kind, "warmup") == 0) return 0;
    counted[id] = true;
    double sum = e->epochs[id];
    for (int i = 0; i < t->parent_count; i++) sum += epochs_of(e, task_plan_parent(&e->plan.plan, t, i), counted);
    return sum;
}

/* Test accuracy of the first warm-up among what this task starts from. */
static double warmup_of(const evidence *e, int id)
{
    const task *t = &e->plan.plan.tasks[id - 1];
    double found = e->warmups[id];
    for (int i = 0; i < t->parent_count && isnan(found); i++)
        found = warmup_of(e, task_plan_parent(&e->plan.plan, t, i));
    return found;
}

/* `granularity = "kernel"` among the options of a record. */
static void read_granularity(char out[VERDICT_NAME], const char *options_text)
{
    static const char key[] = "granularity = \"";
    const char *at = options_text;
    out[0] = '\0';
    while (at != NULL && (at = strstr(at, key)) != NULL && at != options_text && at[-1] == '_') at++;
    if (at != NULL) snprintf(out, VERDICT_NAME, "%.*s", (int)strcspn(at + strlen(key), "\""), at + strlen(key));
}

/* A row with what stands in the plan; NULL: no memory. */
static verdict_row *add_row(evidence *e, int id)
{
    const task *t = &e->plan.plan.tasks[id - 1];
    if (e->count == e->room) {
        const int room = 2 * e->room + 64;
        verdict_row *more = realloc(e->rows, (size_t)room * sizeof *more);
        if (more == NULL) return NULL;
        e->rows = more;
        e->room = room;
    }
    verdict_row *row = &e->rows[e->count++];
    *row = (verdict_row){.network = t->network, .seed = t->seed, .step = t->step, .bits = t->bits, .epochs = id};
    snprintf(row->strategy, sizeof row->strategy, "%s", t->strategy);
    return row;
}

static status no_room(void)
{
    return status_fail(STATUS_MEMORY, "no memory for the results of a run");
}

/* The channels that a task of strategy sensitivity has lowered. */
static status take_channels(evidence *e, int id, const record *r)
{
    sensitivity_row found;
    for (int i = 0; sensitivity_read(&found, r, i); i++) {
        verdict_row *row = add_row(e, id);
        if (row == NULL) return no_room();
        row->mismatch = found.mismatch;
        row->shift = found.shift;
        row->harm[0] = found.harm[IMPQ_ERROR];
        row->harm[1] = found.harm[IMPQ_BOUND];
        row->harm[2] = found.harm[IMPQ_RELEASED];
    }
    return status_ok();
}

static status take_record(evidence *e, int id, const record *r, const char *column)
{
    const task *t = &e->plan.plan.tasks[id - 1];
    e->epochs[id] = r->epochs;
    e->warmups[id] = strcmp(t->kind, "warmup") == 0 ? 100 * r->test_accuracy : NAN;
    if (strcmp(t->strategy, "sensitivity") == 0) return take_channels(e, id, r);
    if (!t->point) return status_ok();
    verdict_row *row = add_row(e, id);
    if (row == NULL) return no_room();
    row->validation = 100 * r->validation_accuracy;
    row->test = 100 * r->test_accuracy;
    read_granularity(row->granularity, r->options);
    for (int i = 0; i < r->cost_count; i++)
        if (strcmp(r->costs[i].name, column) == 0) {
            row->cost = r->costs[i].value;
            return status_ok();
        }
    return status_fail(STATUS_CONFIG, "--cost: there is no cost %s in the run", column);
}

static status read_records(evidence *e, const char *column)
{
    const task_plan *p = &e->plan.plan;
    for (int id = 1; id <= p->count; id++) {
        record r;
        char path[MAX_PATH_TEXT];
        run_task_path(path, &e->plan.run, p->tasks[id - 1].key);
        if (!file_exists(path)) continue; /* not there yet */
        TRY(run_read_task(&r, &e->plan.run, p->tasks[id - 1].key));
        status s = status_ok();
        if (r.state == RECORD_DONE) s = take_record(e, id, &r, column);
        record_free(&r);
        TRY(s);
    }
    return status_ok();
}

static status judge(evidence *e, const verdict_claim *claim, const char *column, bool json)
{
    const int tasks = e->plan.plan.count;
    e->epochs = calloc((size_t)tasks + 1, 2 * sizeof *e->epochs);
    bool *counted = calloc((size_t)tasks + 1, sizeof *counted);
    status s = status_ok();
    if (e->epochs == NULL || counted == NULL) s = no_room();
    if (!failed(s)) {
        e->warmups = e->epochs + tasks + 1;
        for (int id = 0; id <= tasks; id++) e->warmups[id] = NAN;
        s = read_records(e, column);
    }
    for (int i = 0; i < e->count && !failed(s); i++) {
        const int id = (int)e->rows[i].epochs;
        memset(counted, 0, ((size_t)tasks + 1) * sizeof *counted);
        e->rows[i].epochs = epochs_of(e, id, counted);
        e->rows[i].float_test = warmup_of(e, id);
    }
    if (!failed(s)) {
        const verdict_setting setting = {e->plan.settings.name, column, verdict_rows(claim, e->rows, e->count), tasks};
        const verdict_finding finding = verdict_judge(claim, e->rows, e->count);
        if (json)
            s = verdict_write_json(stdout, &setting, claim, &finding);
        else
            verdict_print(stdout, &setting, claim, &finding);
    }
    free(counted);
    free(e->epochs);
    free(e->rows);
    return s;
}

static status no_such_claim(const char *name)
{
    char known[200] = "";
    for (const verdict_claim *const *c = verdict_claims(); *c != NULL; c++)
        snprintf(known + strlen(known), sizeof known - strlen(known), "%s%s", known[0] == '\0' ? "" : ", ", (*c)->name);
    return status_fail(STATUS_CONFIG, "there is no claim \"%.40s\"; known: %s", name, known);
}

static status run_verdict(int argc, char **argv, int *exit_code)
{
    (void)exit_code;
    const char *column = NULL;
    bool json = false;
    option_parser p = options_start("verdict", options, argc, argv);
    for (int letter = -1; letter != 0;) {
        TRY(options_next(&p, &letter));
        if (letter == 'c') column = p.value;
        if (letter == 'j') json = true;
        if (letter != 'h') continue;
        command_help(&command_verdict);
        return status_ok();
    }
    char **arguments;
    TRY(options_arguments(&p, 2, "a claim and the run directory", &arguments));
    const verdict_claim *claim = verdict_find(arguments[0]);
    if (claim == NULL) return no_such_claim(arguments[0]);
    if (column == NULL) column = claim->cost;
    evidence *e = calloc(1, sizeof *e);
    if (e == NULL) return status_fail(STATUS_MEMORY, "no memory for the plan of %.200s", arguments[1]);
    status s = run_plan_open(&e->plan, arguments[1]);
    if (!failed(s)) s = judge(e, claim, column, json);
    run_plan_close(&e->plan);
    free(e);
    return s;
}

const command command_verdict = {
    .name = "verdict",
    .arguments = "CLAIM RUN",
    .summary = "does a run support a claim about search systems?",
    .details = "Claims, judged from the run's finished points alone: supported, not supported or undecided.\n"
               "  variance     at equal cost no mixed allocation beats the homogeneous one (strategy grid)\n"
               "  granularity  kernel by kernel compresses more than layer by layer (strategy impq)\n"
               "  training     a joint search needs less training than pruning first (joint, pit_mixprec)\n"
               "  compute      impq computes half of what other strategies do at the same accuracy\n"
               "  sensitivity  the metric of impq predicts what lowering a precision does (strategy sensitivity)\n"
               "Sweeps that are made for them: configs/experiments.\n",
    .examples = "  bitfront verdict variance results/runs/variance --cost mpic_cycles\n",
    .options = options,
    .run = run_verdict,
};
