#include "core/base/clock.h"
#include "mpi/cli/simulate_print.h"

#include <math.h>

#include "mpi/cli/gantt.h"
#include "mpi/cli/progress.h"
#include "results/report/terminal.h"

static void print_ranks(FILE *out, const simulate_report *r)
{
    fprintf(out, "ranks             %d", r->options->ranks);
    if (r->options->ranks > 1) fprintf(out, ": %d compute, rank 0 only coordinates", r->in->workers);
    fputc('\n', out);
}

static void print_epochs(FILE *out, const simulate_report *r)
{
    char seconds[32];
    if (r->times != NULL) {
        fprintf(out, "epochs            as long as recorded in %s for %d of %d tasks", r->times, r->recorded,
                r->in->count);
        fputs(r->recorded < r->in->count ? ", the mean of these for others\n" : "\n", out);
        return;
    }
    clock_duration(seconds, r->options->seconds_per_epoch);
    fprintf(out, "epochs            %s on one rank (assumed)", seconds);
    if (r->options->unequal > 1) fprintf(out, ", up to %g times as long for some points", r->options->unequal);
    fputc('\n', out);
}

static void print_groups(FILE *out, const simulate_report *r)
{
    fputs("groups            ", out);
    int shown = 0;
    for (int level = 1; level < SPEED_LEVELS && 1 << level <= r->in->shards; level++, shown++)
        fprintf(out, "%s%d ranks %.3g", shown > 0 ? ", " : "", 1 << level, 1 / r->in->part[level]);
    if (shown > 0) fprintf(out, " times as fast as one (assumed); ");
    fprintf(out, "%g s to form one\n", r->in->regroup_seconds);
}

static void print_outcome(FILE *out, const simulate_report *r)
{
    const simulated_sweep *o = r->out;
    char makespan[32], alone[32];
    clock_duration(makespan, o->makespan);
    clock_duration(alone, o->useful);
    fprintf(out, "makespan          %s; the same work on one rank: %s\n", makespan, alone);
    fprintf(out, "utilisation       %.1f %% of the time of the %d rank%s that compute%s\n", 100 * o->utilisation,
            r->in->workers, r->in->workers == 1 ? "" : "s", r->in->workers == 1 ? "s" : "");
    if (r->real.capacity > 0) {
        clock_duration(makespan, r->real.makespan);
        fprintf(out, "                  %.1f %% of %s with the %.0f of the recorded run\n",
                100 * r->real.busy / r->real.capacity, makespan, r->real.capacity / r->real.makespan);
    }
    fprintf(out, "speed-up          %.4g with %d: %.1f %% of perfect\n", o->useful / o->makespan, r->in->workers,
            100 * o->useful / o->makespan / r->in->workers);
    fprintf(out, "regroupings       %d; largest group %d\n", o->regroups, o->largest);
    fprintf(out, "tasks             %d done", o->done);
    if (o->left > 0) {
        char walltime[32];
        clock_duration(walltime, r->in->walltime_seconds);
        fprintf(out, ", %d left at the end of %s", o->left, walltime);
    }
    fputs("\n\n", out);
}

status simulate_print(FILE *out, const simulate_report *r)
{
    print_ranks(out, r);
    print_epochs(out, r);
    print_groups(out, r);
    print_outcome(out, r);
    return gantt_print(out, r->out, r->in->tasks, r->in->workers, r->options->ranks > 1 ? 1 : 0, terminal_width(out, 0),
                       terminal_knows_unicode());
}

void simulate_print_json(FILE *out, const simulate_report *r)
{
    const simulated_sweep *o = r->out;
    fprintf(
        out,
        "{\"ranks\": %d, \"workers\": %d, \"tasks\": %d, \"recorded_times\": %d, \"makespan_s\": %.6g, "
        "\"utilisation\": %.6g, \"speedup\": %.6g, \"efficiency\": %.6g, \"regroupings\": %d, \"largest_group\": %d, "
        "\"done\": %d, \"left\": %d, \"recorded_makespan_s\": %.6g, \"recorded_utilisation\": %.6g}\n",
        r->options->ranks, r->in->workers, r->in->count, r->recorded, o->makespan, o->utilisation,
        o->makespan > 0 ? o->useful / o->makespan : 0, o->makespan > 0 ? o->useful / o->makespan / r->in->workers : 0,
        o->regroups, o->largest, o->done, o->left, r->real.makespan,
        r->real.capacity > 0 ? r->real.busy / r->real.capacity : 0);
}
