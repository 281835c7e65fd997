/* fuzz_run: a small run directory with one finished task, which has everything that a record can hold. Link results
 * and test_support. */
#ifndef TESTS_FUZZ_FUZZ_RUN_H
#define TESTS_FUZZ_FUZZ_RUN_H

#include "results/run/run.h"
#include "tests/fuzz/fuzz_h5.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "tests/support/plan_fixture.h"

enum { FUZZ_RUN_TASKS = 3 };

typedef struct {
    plan_fixture *plan; /* FUZZ_RUN_TASKS points; the first is finished, the second failed, the last is not there */
    run run;            /* in the folder "NAME" of the target */
    fuzz_h5 task, results;
} fuzz_run;

/* Made once. */
const fuzz_run *fuzz_run_make(void);

/* The file of the first task, edited, with a right mark and seal, in the run directory `name`. */
void fuzz_run_put_task(const fuzz_run *r, const char *name, fuzz_input *in);

#endif
