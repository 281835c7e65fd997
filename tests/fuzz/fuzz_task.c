/* links: test_support results */
/* The file of a finished task with a right mark and seal, edited through HDF5: read, compared, and as a row of
 * results.h5. */
#include <stdlib.h>
#include <string.h>

#include "results/file/record_same.h"
#include "results/run/run_times.h"
#include "tests/fuzz/fuzz_run.h"

/* Everything of a record that is read is there. */
static void use_record(record *rec)
{
    char differing[128];
    if (!record_same(differing, sizeof differing, rec, rec)) abort();
    for (int i = 0; i < rec->allocation_count; i++)
        for (int c = 0; c < rec->allocations[i].channels; c++)
            if (rec->allocations[i].bits[c] < 0) abort();
    record_free(rec);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
    const fuzz_run *r = fuzz_run_make();
    fuzz_input in = {bytes, size};
    const char *key = plan_fixture_key(r->plan, 1);
    bool good;
    char warning[256];
    record_state state;
    record rec;
    run_times *times;
    int count;
    fuzz_empty("run/tasks");
    fuzz_run_put_task(r, "run", &in);
    fuzz_must(run_task_state(&good, &state, warning, &r->run, key));
    if (!good) abort();
    if (!failed(run_read_task(&rec, &r->run, key))) use_record(&rec);
    if (!failed(run_times_read(&times, &count, fuzz_path("run")))) free(times);
    (void)failed(run_snapshot(&r->run, &r->plan->plan));
    (void)failed(run_check_task(&good, warning, &r->run, key));
    return 0;
}
