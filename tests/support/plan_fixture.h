/* plan_fixture: a real plan, with keys, for tests that need tasks but train nothing. Its tasks read no settings. Ends
 * the test when something fails. To be included after cmocka; the test links core_task. */
#ifndef TESTS_SUPPORT_PLAN_FIXTURE_H
#define TESTS_SUPPORT_PLAN_FIXTURE_H

#include "core/task/plan.h"

typedef struct {
    settings settings;
    identity_network network;
    task_plan plan; /* borrows the members above */
} plan_fixture;

/* `warmups` warm-ups of the seeds 1, 2, ..., as ids 1, 2, ...; then `points` points of the strengths 1, 2, ... that
 * start from them in turn (from nothing without warm-ups). */
plan_fixture *plan_fixture_new(int warmups, int points);
void plan_fixture_free(plan_fixture *f);

/* Adds a task and returns its id. parents: ids, ended by 0; NULL: none. What `wanted` leaves open is filled in: kind
 * and strategy "joint" with cost model "size", no entry. */
int plan_fixture_add(plan_fixture *f, const task *wanted, const int *parents);

const task *plan_fixture_task(const plan_fixture *f, int id);
const char *plan_fixture_key(const plan_fixture *f, int id);

/* Where a record of the task comes from, as whoever trained it writes it; everything else is zero. To be freed with
 * record_free. */
record plan_fixture_record(const plan_fixture *f, int id);

#endif
