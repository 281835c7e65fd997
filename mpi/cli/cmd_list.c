/* bitfront list: what lies in a run directory, whether it belongs to the directory's plan or not. */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "mpi/cli/command.h"
#include "mpi/cli/run_plan.h"
#include "results/run/run_inventory.h"

static const option_spec options[] = {OPTIONS_END};

/* A line for one file; *unusable counts those that are not what their name says. */
static status print_result(int *unusable, const run_plan *p, const char *key)
{
    const int id = task_plan_find(&p->plan, key);
    char where[16] = "-", label[TASK_LABEL];
    if (id != 0) snprintf(where, sizeof where, "%d", id);
    record rec;
    status sound = run_read_task(&rec, &p->run, key);
    if (failed(sound) && sound.code != STATUS_DATA) return sound;
    if (failed(sound)) {
        printf("%6s  %.8s  unusable  %s\n", where, key, sound.message);
        ++*unusable;
        return status_ok();
    }
    rec.task.one_of_several = p->networks.count > 1;
    task_label(label, &rec.task);
    if (rec.state == RECORD_DONE)
        printf("%6s  %.8s  done      %-40s %6.2f\n", where, key, label, 100 * rec.test_accuracy);
    else
        printf("%6s  %.8s  failed    %-40s %s\n", where, key, label, rec.reason);
    record_free(&rec);
    return status_ok();
}

static status print_results(const run_plan *p, const run_inventory *lying)
{
    int unusable = 0, planned = 0;
    printf("%6s  %-8s  %-8s  %-40s %6s\n", "task", "key", "state", "what", "test %");
    for (int i = 0; i < p->plan.count; i++) {
        const char *key = p->plan.tasks[i].key;
        if (run_inventory_find(lying, key) < 0) continue;
        TRY(print_result(&unusable, p, key));
        planned++;
    }
    for (int i = 0; i < lying->count; i++)
        if (task_plan_find(&p->plan, lying->keys[i]) == 0) TRY(print_result(&unusable, p, lying->keys[i]));
    printf("%d results of this plan of %d tasks, %d of other plans", planned, p->plan.count, lying->count - planned);
    if (unusable > 0) printf(", %d unusable", unusable);
    putchar('\n');
    return status_ok();
}

static status list_run(const char *directory)
{
    run_plan *p = calloc(1, sizeof *p);
    if (p == NULL) return status_fail(STATUS_MEMORY, "no memory for the plan of %.200s", directory);
    run_inventory lying = {NULL, 0};
    status s = run_plan_open(p, directory);
    if (!failed(s)) s = run_inventory_read(&lying, &p->run);
    if (!failed(s)) s = print_results(p, &lying);
    run_inventory_free(&lying);
    run_plan_close(p);
    free(p);
    return s;
}

static status run_list(int argc, char **argv, int *exit_code)
{
    (void)exit_code;
    option_parser p = options_start("list", options, argc, argv);
    for (int letter = -1; letter != 0;) {
        TRY(options_next(&p, &letter));
        if (letter != 'h') continue;
        command_help(&command_list);
        return status_ok();
    }
    char **arguments;
    TRY(options_arguments(&p, 1, "the run directory", &arguments));
    return list_run(arguments[0]);
}

const command command_list = {
    .name = "list",
    .arguments = "RUN",
    .summary = "list every result in a run directory, of its plan or not",
    .details =
        "A result is known by its key, the hash of everything it depends on. After a change of the configuration\n"
        "those that the new plan does not have stay in the directory; they are used again when a plan asks for\n"
        "them. To recompute one point remove its file tasks/KEY.h5 and run the sweep again.\n",
    .examples = "  bitfront list results/runs/demo\n",
    .options = options,
    .run = run_list,
};
