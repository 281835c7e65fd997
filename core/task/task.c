#include "core/task/task.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

enum { LABEL = 128 };

void task_label(char out[LABEL], const task *t)
{
    if (t->kind == TASK_WARMUP)
        snprintf(out, LABEL, "warm-up seed %" PRIu64, t->seed);
    else if (t->bits != 0)
        snprintf(out, LABEL, "%.40s w%d seed %" PRIu64, t->strategy, t->bits, t->seed);
    else
        snprintf(out, LABEL, "%.40s %.30s %.6g seed %" PRIu64, t->strategy, t->cost_model, t->strength, t->seed);
}

static bool entry_is_fixed(const sweep_entry *entry)
{
    return strcmp(entry->strategy, "fixed") == 0;
}

static int entry_points(const sweep_entry *entry)
{
    return entry_is_fixed(entry) ? entry->bits_count : entry->strength_count;
}

/* "line 12", or "entry 3" when the sweep came from the command line. */
static void entry_place(char out[32], const settings *s, int e)
{
    if (s->entries[e].line > 0)
        snprintf(out, 32, "line %d", s->entries[e].line);
    else
        snprintf(out, 32, "entry %d", e + 1);
}

static bool same_point(const task *a, const task *b)
{
    return a->seed == b->seed && a->bits == b->bits && a->strength == b->strength &&
           strcmp(a->strategy, b->strategy) == 0 && strcmp(a->cost_model, b->cost_model) == 0;
}

/* Point i of entry e for seed number k, whose warm-up has the id k + 1. */
static task point(const settings *s, int e, int i, int k)
{
    const sweep_entry *entry = &s->entries[e];
    bool fixed = entry_is_fixed(entry);
    task t = {.kind = TASK_POINT, .depends_on = k + 1, .seed = s->seeds[k]};
    snprintf(t.strategy, sizeof t.strategy, "%.23s", entry->strategy);
    strcpy(t.cost_model, fixed ? "none" : entry->cost_model);
    t.strength = fixed ? 0 : entry->strengths[i];
    t.bits = fixed ? entry->bits[i] : 0;
    return t;
}

/* Two entries, or one entry twice, must not ask for the same point: it would be trained twice for one result. */
static status check_distinct(const settings *s, const task *t, int e, const task *earlier, int earlier_e)
{
    if (!same_point(t, earlier)) return status_ok();
    char label[LABEL], first[32], second[32];
    task_label(label, t);
    entry_place(first, s, earlier_e);
    entry_place(second, s, e);
    if (e == earlier_e)
        return status_fail(STATUS_CONFIG, "%.200s: sweep %s asks for \"%s\" twice", s->path, first, label);
    return status_fail(STATUS_CONFIG, "%.200s: sweep %s and %s both ask for \"%s\"", s->path, first, second, label);
}

status task_list_build(task **out, int *count, const settings *s)
{
    int total = s->seed_count;
    for (int e = 0; e < s->entry_count; e++) total += entry_points(&s->entries[e]) * s->seed_count;
    task *tasks = calloc((size_t)total + 1, sizeof *tasks); /* + 1: never a request for nothing */
    int *entry_of = calloc((size_t)total + 1, sizeof *entry_of);
    status result = status_ok();
    if (tasks == NULL || entry_of == NULL) {
        result = status_fail(STATUS_MEMORY, "no memory for a list of %d tasks", total);
        goto free_all;
    }

    int n = 0;
    for (int k = 0; k < s->seed_count; k++) {
        tasks[n] =
            (task){.id = n + 1, .kind = TASK_WARMUP, .seed = s->seeds[k], .strategy = "warmup", .cost_model = "none"};
        n++;
    }
    for (int e = 0; e < s->entry_count; e++) {
        for (int i = 0; i < entry_points(&s->entries[e]); i++) {
            for (int k = 0; k < s->seed_count; k++) {
                tasks[n] = point(s, e, i, k);
                tasks[n].id = n + 1;
                entry_of[n] = e;
                for (int before = s->seed_count; k == 0 && before < n;
                     before += s->seed_count) { /* seeds are distinct */
                    result = check_distinct(s, &tasks[n], e, &tasks[before], entry_of[before]);
                    if (failed(result)) goto free_all;
                }
                n++;
            }
        }
    }
    free(entry_of);
    *out = tasks;
    *count = n;
    return status_ok();

free_all:
    free(entry_of);
    free(tasks);
    return result;
}

void task_list_print(FILE *out, const task *tasks, int count)
{
    fprintf(out, "%6s  %-10s %-10s %12s %5s %20s %6s\n", "task", "strategy", "cost model", "strength", "bits", "seed",
            "after");
    for (int i = 0; i < count; i++) {
        const task *t = &tasks[i];
        char strength[24] = "-", bits[12] = "-", after[12] = "-";
        if (t->kind == TASK_POINT && t->bits == 0) snprintf(strength, sizeof strength, "%.6g", t->strength);
        if (t->bits != 0) snprintf(bits, sizeof bits, "%d", t->bits);
        if (t->depends_on != 0) snprintf(after, sizeof after, "%d", t->depends_on);
        fprintf(out, "%6d  %-10s %-10s %12s %5s %20" PRIu64 " %6s\n", t->id, t->strategy,
                strcmp(t->cost_model, "none") == 0 ? "-" : t->cost_model, strength, bits, t->seed, after);
    }
}
