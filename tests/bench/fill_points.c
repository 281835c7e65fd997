/* links: bitfront_cli */
/* fill_points RUN: gives every task of the plan of a run directory a result that nobody trained, in the blink of an
 * eye: for measurements of what reads results. Costs fall and accuracies rise with the strength's position, with noise,
 * so that some points are on the front and most are not. Then results.h5 is built, twice, and both times are printed.
 */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "core/base/clock.h"
#include "core/base/file.h"
#include "core/io/seal.h"
#include "core/strategy/strategies.h"
#include "mpi/cli/run_plan.h"
#include "results/file/task_row.h"

/* In [0, 1), from the task's number alone. */
static double noise(int id, uint32_t salt)
{
    uint32_t x = (uint32_t)id * 2654435761u ^ salt;
    x ^= x >> 16;
    x *= 2246822519u;
    x ^= x >> 13;
    x *= 3266489917u;
    return (x ^ x >> 16) / 4294967296.0;
}

static record invent(const task *t, const cost_registry *costs)
{
    const double size = exp(-3 * noise(t->id, 1)), accuracy = 0.95 - 0.3 * pow(1 - size, 2) - 0.1 * noise(t->id, 2);
    record r = {.task = *t,
                .state = RECORD_DONE,
                .epochs = 40,
                .seconds = 60,
                .validation_loss = 0.4,
                .test_loss = 0.4,
                .validation_accuracy = accuracy,
                .test_accuracy = accuracy - 0.01 * noise(t->id, 3)};
    for (const cost_model *const *m = costs->list; t->point && *m != NULL && r.cost_count < RECORD_MAX_COSTS; m++) {
        record_cost *c = &r.costs[r.cost_count++];
        snprintf(c->name, sizeof c->name, "%s_%s", (*m)->name, (*m)->unit);
        snprintf(c->unit, sizeof c->unit, "%s", (*m)->unit);
        snprintf(c->description, sizeof c->description, "%s", (*m)->description);
        c->value = floor(1e6 * size * (1 + 0.1 * noise(t->id, 10 + (uint32_t)r.cost_count)));
    }
    return r;
}

/* The HDF5 part of the first result, which all others get: what makes it is not measured here, and of so many tasks
 * nobody reads it. */
typedef struct {
    char *bytes; /* owned */
    size_t size;
} body;

static status read_body(body *out, const char *path)
{
    enum { BEHIND = 24 + 24 + 64 }; /* seal, foot of the row, mark */
    FILE *f = fopen(path, "rb");
    char foot[24] = "";
    if (f == NULL || fseek(f, -BEHIND, SEEK_END) != 0) return status_fail(STATUS_IO, "cannot read %s", path);
    const long end = ftell(f);
    if (fread(foot, 1, sizeof foot, f) != sizeof foot) return status_fail(STATUS_IO, "cannot read %s", path);
    out->size = (size_t)(end - strtol(foot + strlen("bitfront-row "), NULL, 10));
    out->bytes = malloc(out->size);
    rewind(f);
    const bool good = out->bytes != NULL && fread(out->bytes, 1, out->size, f) == out->size;
    fclose(f);
    return good ? status_ok() : status_fail(STATUS_IO, "cannot read %s", path);
}

static status write_copy(const char *path, const body *from, const record *r)
{
    task_mark mark = {.state = r->state};
    memcpy(mark.key, r->task.key, sizeof mark.key);
    FILE *f = fopen(path, "wb");
    const bool good = f != NULL && fwrite(from->bytes, 1, from->size, f) == from->size;
    if (f == NULL || fclose(f) != 0 || !good) return status_fail(STATUS_IO, "cannot write %s", path);
    TRY(task_row_append(path, r));
    TRY(task_mark_append(path, &mark));
    return seal_append(path);
}

static status fill(const run_plan *p)
{
    body first = {NULL, 0};
    status s = status_ok();
    for (int i = 0; i < p->plan.count && !failed(s); i++) {
        const task *t = &p->plan.tasks[i];
        char warning[256], path[MAX_PATH_TEXT];
        run_task_path(path, &p->run, t->key);
        if (i > 0 && file_exists(path)) continue; /* of a call before this one */
        record r = invent(t, &p->costs);
        s = task_plan_describe(&r, &p->plan, t, &strategies_task_kind(t->kind)->reads);
        if (!failed(s) && i > 0) s = write_copy(path, &first, &r);
        if (!failed(s) && i == 0) s = run_write_task(warning, &p->run, &r, NULL);
        if (!failed(s) && i == 0) s = read_body(&first, path);
        record_free(&r);
    }
    free(first.bytes);
    return s;
}

static status measure(run_plan *p, const char *directory)
{
    TRY(run_plan_open(p, directory));
    TRY(fill(p));
    for (int round = 0; round < 2; round++) {
        const double start = clock_seconds();
        const clock_t computed = clock();
        TRY(run_snapshot(&p->run, &p->plan));
        printf("results.h5 of %d tasks %s: %.2f s, %.2f s of computing\n", p->plan.count,
               round == 0 ? "built" : "renewed", clock_seconds() - start,
               (double)(clock() - computed) / CLOCKS_PER_SEC);
    }
    return status_ok();
}

int main(int argc, char **argv)
{
    static run_plan plan;
    if (argc != 2) {
        fprintf(stderr, "fill_points: say RUN, a run directory\n");
        return 2;
    }
    status s = measure(&plan, argv[1]);
    run_plan_close(&plan);
    if (failed(s)) fprintf(stderr, "fill_points: %s\n", s.message);
    return failed(s) ? 3 : 0;
}
