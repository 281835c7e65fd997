/* bitfront verdict: does a run support a claim about search systems? */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "mpi/cli/command.h"
#include "mpi/cli/run_plan.h"
#include "results/report/verdict.h"

static const option_spec options[] = {
    {'c', "cost", "COLUMN", "cost that the claim is about, e.g. mpic_cycles; default: size_bits"},
    OPTIONS_END,
};

/* Everything that is read of a run. */
typedef struct {
    run_plan plan;
    verdict_row *rows; /* (tasks) */
    double *epochs;    /* (tasks + 1) by id: of the task alone; 0: not done */
    int count;
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

/* `granularity = "kernel"` among the options of a record. */
static void read_granularity(char out[VERDICT_NAME], const char *options_text)
{
    static const char key[] = "granularity = \"";
    const char *at = options_text;
    out[0] = '\0';
    while (at != NULL && (at = strstr(at, key)) != NULL && at != options_text && at[-1] == '_') at++;
    if (at != NULL) snprintf(out, VERDICT_NAME, "%.*s", (int)strcspn(at + strlen(key), "\""), at + strlen(key));
}

static status take_record(evidence *e, int id, const record *r, const char *column)
{
    const task *t = &e->plan.plan.tasks[id - 1];
    e->epochs[id] = r->epochs;
    if (!t->point) return status_ok();
    verdict_row *row = &e->rows[e->count++];
    *row = (verdict_row){.network = t->network,
                         .seed = t->seed,
                         .step = t->step,
                         .bits = t->bits,
                         .validation = 100 * r->validation_accuracy,
                         .test = 100 * r->test_accuracy,
                         .epochs = id};
    snprintf(row->strategy, sizeof row->strategy, "%s", t->strategy);
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
        status s = run_read_task(&r, &e->plan.run, p->tasks[id - 1].key);
        if (failed(s)) continue; /* not there yet */
        if (r.state == RECORD_DONE) s = take_record(e, id, &r, column);
        record_free(&r);
        TRY(s);
    }
    return status_ok();
}

static status judge(evidence *e, const verdict_claim *claim, const char *column)
{
    const int tasks = e->plan.plan.count;
    e->rows = calloc((size_t)tasks + 1, sizeof *e->rows);
    e->epochs = calloc((size_t)tasks + 1, sizeof *e->epochs);
    bool *counted = calloc((size_t)tasks + 1, sizeof *counted);
    status s = e->rows == NULL || e->epochs == NULL || counted == NULL
                   ? status_fail(STATUS_MEMORY, "no memory for the results of %d tasks", tasks)
                   : read_records(e, column);
    for (int i = 0; i < e->count && !failed(s); i++) {
        memset(counted, 0, ((size_t)tasks + 1) * sizeof *counted);
        e->rows[i].epochs = epochs_of(e, (int)e->rows[i].epochs, counted);
    }
    if (!failed(s)) {
        printf("setting     %s, %d of %d tasks, cost %s\n", e->plan.settings.name, e->count, tasks, column);
        (void)verdict_print(stdout, claim, e->rows, e->count);
    }
    free(counted);
    free(e->epochs);
    free(e->rows);
    return s;
}

static status run_verdict(int argc, char **argv, int *exit_code)
{
    (void)exit_code;
    const char *column = "size_bits";
    option_parser p = options_start("verdict", options, argc, argv);
    for (int letter = -1; letter != 0;) {
        TRY(options_next(&p, &letter));
        if (letter == 'c') column = p.value;
        if (letter != 'h') continue;
        command_help(&command_verdict);
        return status_ok();
    }
    char **arguments;
    TRY(options_arguments(&p, 2, "a claim and the run directory", &arguments));
    const verdict_claim *claim = verdict_find(arguments[0]);
    if (claim == NULL)
        return status_fail(STATUS_CONFIG, "there is no claim \"%.40s\"; known: variance, granularity, training",
                           arguments[0]);
    evidence *e = calloc(1, sizeof *e);
    if (e == NULL) return status_fail(STATUS_MEMORY, "no memory for the plan of %.200s", arguments[1]);
    status s = run_plan_open(&e->plan, arguments[1]);
    if (!failed(s)) s = judge(e, claim, column);
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
               "Sweeps that are made for them: configs/experiments.\n",
    .examples = "  bitfront verdict variance results/runs/variance --cost mpic_cycles\n",
    .options = options,
    .run = run_verdict,
};
