/* run_fixture: a run directory with a plan of a warm-up and four points, and records for them. To be included after
 * cmocka and with _XOPEN_SOURCE 700; the test links results. */
#ifndef TESTS_SUPPORT_RUN_FIXTURE_H
#define TESTS_SUPPORT_RUN_FIXTURE_H

#include <hdf5.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/base/file.h"
#include "results/file/task_file.h"
#include "results/run/run.h"
#include "tests/support/check_status.h"
#include "tests/support/plan_fixture.h"
#include "tests/support/scratch.h"

static const char CONFIG[] = "name = \"demo\"; network = \"n.cfg\"; data = \"d.h5\"; batch = 32;\n"
                             "sweep = ( { strategy = \"joint\"; cost_model = \"size\"; strengths = [1.0]; } );\n";
static const char CHANGED[] = "name = \"demo\"; network = \"n.cfg\"; data = \"d.h5\"; batch = 64;\n"
                              "sweep = ( { strategy = \"joint\"; cost_model = \"size\"; strengths = [1.0]; } );\n";
static const char NETWORK[] = "name = \"tiny\"; layers = ( );\n", DATA[] = "sha256:0123";

static char directory[SCRATCH_PATH + 16];
static plan_fixture *plan; /* a warm-up and four points, which start from it */

static inline int set_up_plan(void **state)
{
    (void)state;
    plan = plan_fixture_new(1, 0);
    for (int id = 2; id <= 5; id++)
        plan_fixture_add(
            plan,
            &(task){.point = true, .seed = UINT64_MAX - 5, .strength = 2.5, .bits = 4, .step = id, .target = 0.1 * id},
            (const int[]){1, 0});
    return 0;
}

static inline int tear_down_plan(void **state)
{
    (void)state;
    plan_fixture_free(plan);
    return 0;
}

static inline int set_up(void **state)
{
    int result = scratch_set_up(state);
    snprintf(directory, sizeof directory, "%s/runs/demo", scratch_place.path);
    return result;
}

static inline int tear_down(void **state)
{
    assert_int_equal(H5Fget_obj_count((hid_t)H5F_OBJ_ALL, H5F_OBJ_ALL), 0);
    return scratch_tear_down(state);
}

static inline const char *inside(const char *name)
{
    static char path[4][SCRATCH_PATH + 256];
    static int next;
    char *out = path[next++ % 4];
    snprintf(out, sizeof path[0], "%s/%s", directory, name);
    return out;
}

/* The file of a task; `more` follows its name. */
static inline const char *task_file(int id, const char *more)
{
    char name[96];
    snprintf(name, sizeof name, "tasks/%s.h5%s", plan_fixture_key(plan, id), more);
    return inside(name);
}

static inline bool opens(run *out, const char *config, const char *network, const char *data)
{
    bool changed;
    check_ok(run_open(out, directory, config, network, data, &changed));
    return changed;
}

static inline run open_run(void)
{
    run r;
    assert_false(opens(&r, CONFIG, NETWORK, DATA));
    return r;
}

/* A record whose every number tells where it belongs. Layers and tensors are not in alphabetical order. */
static inline record make_record(int id, record_state state)
{
    static const char *const layers[] = {"stem", "b1.c1", "head"};
    record r = plan_fixture_record(plan, id);
    const bool point = r.task.point;
    r.state = state;
    r.validation_accuracy = 0.5 + id / 100.0;
    r.validation_loss = 1.25;
    r.test_accuracy = 0.25 + id / 100.0;
    r.test_loss = 1.5;
    r.integer_accuracy = 0.125 + id / 100.0;
    snprintf(r.integer_reason, sizeof r.integer_reason, "reason %d", id);
    r.epochs = 3;
    r.seconds = 12.5;
    if (state == RECORD_FAILED) snprintf(r.reason, sizeof r.reason, "loss \"not finite\" at step 7 \xe2\x89\xa0");
    r.curve = calloc(3, sizeof *r.curve);
    r.allocations = calloc(3, sizeof *r.allocations);
    r.tensors = calloc(3, sizeof *r.tensors);
    assert_true(r.curve != NULL && r.allocations != NULL && r.tensors != NULL);
    if (state == RECORD_FAILED) return r;
    if (point) {
        r.cost_count = 2;
        r.costs[0] = (record_cost){"size_bits", "bits", "bits of the kept weights", 1000.0 * id};
        r.costs[1] = (record_cost){"mpic_cycles", "cycles", "cycles of an inference", 7.0 * id};
    }
    r.epoch_count = 3;
    for (int e = 0; e < 3; e++)
        r.curve[e] = (record_epoch){(phase_kind)e, "stage",   e,       1.0 / (e + 1), 0.1 * e, 2.0 / (e + 1),
                                    0.2 * e,       100.0 - e, 5.0 - e, 0.001 * e,     0.5 + e};
    for (int i = 0; i < 3; i++) {
        record_allocation *a = &r.allocations[r.allocation_count++];
        record_tensor *t = &r.tensors[r.tensor_count++];
        snprintf(a->layer, sizeof a->layer, "%s", layers[i]);
        a->channels = 4 + i;
        a->input_bits = 8 >> i;
        a->bits = malloc(8);
        assert_non_null(a->bits);
        for (int c = 0; c < a->channels; c++) a->bits[c] = (int8_t)(c % 3 == 0 ? 0 : c % 3 == 1 ? 8 : 2);
        snprintf(t->name, sizeof t->name, "%s.weight", layers[i]);
        t->rank = i == 0 ? 0 : i == 1 ? 4 : 1;
        size_t count = 1;
        for (int d = 0; d < t->rank; d++) count *= t->dims[d] = (size_t)(20 + d);
        t->data = malloc(count * sizeof *t->data);
        assert_non_null(t->data);
        for (size_t k = 0; k < count; k++) t->data[k] = (float)(id + (int)(k % 97) * 0.37);
    }
    return r;
}

static inline void write_record(const run *r, int id, record_state state)
{
    record rec = make_record(id, state);
    char told[256];
    check_ok(run_write_task(told, r, &rec, NULL));
    assert_string_equal(told, "");
    record_free(&rec);
}

static inline bool is_finished(char warning[256], const run *r, int id)
{
    bool finished;
    record_state state;
    check_ok(run_task_state(&finished, &state, warning, r, plan_fixture_key(plan, id)));
    return finished;
}

static inline size_t read_bytes(char **out, const char *path)
{
    FILE *file = fopen(path, "rb");
    assert_non_null(file);
    fseek(file, 0, SEEK_END);
    size_t size = (size_t)ftell(file);
    rewind(file);
    *out = malloc(size + 1);
    assert_non_null(*out);
    assert_int_equal(fread(*out, 1, size, file), size);
    fclose(file);
    return size;
}

#endif
