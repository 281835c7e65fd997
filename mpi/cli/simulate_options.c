#define _POSIX_C_SOURCE 200809L
#include "mpi/cli/simulate_options.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/base/number.h"
#include "core/strategy/strategies.h"
#include "results/run/run_times.h"

_Static_assert((int)RUN_TIMES_LEVELS == (int)SPEED_LEVELS, "the same groups");

static status read_number(double *out, const char *key, const char *text, double low, double high)
{
    if (number_real(out, text, low, high)) return status_ok();
    return status_fail(STATUS_CONFIG, "--simulate: %s=%.40s is not a number from %g to %g", key, text, low, high);
}

static status read_speedups(simulate_options *o, char *text)
{
    char *rest = NULL;
    for (char *at = strtok_r(text, ":", &rest); at != NULL; at = strtok_r(NULL, ":", &rest)) {
        if (o->speedup_count == SPEED_LEVELS - 1)
            return status_fail(STATUS_CONFIG, "--simulate: speedup has more than %d numbers", SPEED_LEVELS - 1);
        TRY(read_number(&o->speedup[o->speedup_count++], "speedup", at, 0.01, 1024));
    }
    return status_ok();
}

static status read_pair(simulate_options *o, const char *key, char *value)
{
    const struct {
        const char *name;
        double *to, low, high;
    } numbers[] = {
        {"seconds_per_epoch", &o->seconds_per_epoch, 1e-6, 1e9},
        {"unequal", &o->unequal, 1, 1000},
        {"serial", &o->serial, 0, 1},
        {"regroup", &o->regroup, 0, 1e6},
        {"walltime", &o->walltime, 1, 1e9},
    };
    for (size_t i = 0; i < sizeof numbers / sizeof *numbers; i++)
        if (strcmp(key, numbers[i].name) == 0)
            return read_number(numbers[i].to, key, value, numbers[i].low, numbers[i].high);
    if (strcmp(key, "speedup") == 0) return read_speedups(o, value);
    if (strcmp(key, "ranks") != 0)
        return status_fail(STATUS_CONFIG, "--simulate has no key \"%.40s\"; see bitfront plan --help", key);
    double ranks = 0;
    TRY(read_number(&ranks, key, value, 1, 100000));
    if (ranks != floor(ranks))
        return status_fail(STATUS_CONFIG, "--simulate: ranks=%.40s is not a whole number", value);
    o->ranks = (int)ranks;
    return status_ok();
}

status simulate_options_read(simulate_options *out, const char *text)
{
    *out = (simulate_options){.seconds_per_epoch = 60, .unequal = 1, .serial = 0.1, .regroup = 1, .walltime = INFINITY};
    char copy[512], *rest = NULL;
    if (strlen(text) >= sizeof copy) return status_fail(STATUS_CONFIG, "--simulate: the text is too long");
    memcpy(copy, text, strlen(text) + 1);
    for (char *pair = strtok_r(copy, ",", &rest); pair != NULL; pair = strtok_r(NULL, ",", &rest)) {
        char *equals = strchr(pair, '=');
        if (equals == NULL) return status_fail(STATUS_CONFIG, "--simulate: \"%.40s\" is not KEY=VALUE", pair);
        *equals = '\0';
        TRY(read_pair(out, pair, equals + 1));
    }
    if (out->ranks == 0) return status_fail(STATUS_CONFIG, "--simulate needs ranks=N");
    return status_ok();
}

void simulate_parts(double part[SPEED_LEVELS], const simulate_options *o)
{
    simulate_amdahl(part, o->serial);
    if (o->speedup_count == 0) return;
    for (int level = 1; level < SPEED_LEVELS; level++)
        part[level] = level <= o->speedup_count ? 1 / o->speedup[level - 1] : part[o->speedup_count];
}

/* Points between 1 and `unequal` times the shortest, evenly spread and in no order: multiples of the golden ratio. */
static void assume(simulated_work *w, const simulate_options *o, const settings *s, const task *t)
{
    *w = (simulated_work){0};
    int epochs[PHASE_COUNT];
    task_kind_epochs(epochs, strategies_task_kind(t->kind), s, t);
    double place = t->point ? fmod(t->id * 0.6180339887498949, 1) : 0;
    for (int phase = 0; phase < PHASE_COUNT; phase++) {
        w->units[phase] = epochs[phase];
        w->seconds[phase] = epochs[phase] > 0 ? o->seconds_per_epoch * (1 + (o->unequal - 1) * place) : 0;
    }
}

/* Seconds of an epoch on one rank, from those on the groups the task had. */
static void take_seconds(simulated_work *w, const run_times *known, const double part[SPEED_LEVELS])
{
    double alone = 0;
    for (int level = 0; level < SPEED_LEVELS; level++) alone += known->share[level] / part[level];
    for (int phase = 0; phase < SPEED_PHASES; phase++)
        if (known->epochs[phase] > 0) w->seconds[phase] = alone * known->seconds[phase] / known->epochs[phase];
}

/* A task the run does not know takes what tasks of its kind take there. */
static void take_mean(simulated_work *w, const run_times *known, int count, bool point, const double part[SPEED_LEVELS])
{
    double sum[SPEED_PHASES] = {0};
    int number[SPEED_PHASES] = {0};
    for (int i = 0; i < count; i++) {
        if (known[i].point != point) continue;
        simulated_work one = {0};
        take_seconds(&one, &known[i], part);
        for (int phase = 0; phase < SPEED_PHASES; phase++) {
            sum[phase] += one.seconds[phase];
            number[phase] += one.seconds[phase] > 0;
        }
    }
    for (int phase = 0; phase < SPEED_PHASES; phase++)
        if (number[phase] > 0) w->seconds[phase] = sum[phase] / number[phase];
}

status simulate_work(simulated_work *work, int *recorded, const simulate_options *o, const settings *s,
                     const task *tasks, int count, const char *times)
{
    *recorded = 0;
    for (int i = 0; i < count; i++) assume(&work[i], o, s, &tasks[i]);
    if (times == NULL) return status_ok();
    run_times *known;
    int known_count;
    TRY(run_times_read(&known, &known_count, times));
    double part[SPEED_LEVELS];
    simulate_parts(part, o);
    for (int i = 0; i < count; i++) {
        char label[128];
        task_label(label, &tasks[i]);
        take_mean(&work[i], known, known_count, tasks[i].point, part);
        for (int k = 0; k < known_count; k++) {
            if (strcmp(known[k].label, label) != 0) continue;
            take_seconds(&work[i], &known[k], part);
            ++*recorded;
            break;
        }
    }
    free(known);
    return status_ok();
}
