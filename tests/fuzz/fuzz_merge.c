/* links: test_support results */
/* Two runs that both have the first task, each edited through HDF5 with a right mark and seal, merged into a third. */
#define _POSIX_C_SOURCE 200809L
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "results/run/merge.h"
#include "tests/fuzz/fuzz_run.h"

static void make_empty_run(run *out, const char *name)
{
    bool changed;
    fuzz_must(run_open(out, fuzz_path(name), "name = \"a\";\n", "name = \"n\";\n", "sha256:00", &changed));
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
    const fuzz_run *r = fuzz_run_make();
    static run inputs[2], output;
    fuzz_input in = {bytes, size};
    if (output.directory[0] == '\0') {
        make_empty_run(&inputs[0], "one");
        make_empty_run(&inputs[1], "two");
        make_empty_run(&output, "all");
    }
    fuzz_empty("one/tasks");
    fuzz_empty("two/tasks");
    fuzz_empty("all/tasks");
    fuzz_input first = {in.bytes, in.left / 2};
    fuzz_run_put_task(r, "one", &first);
    in.bytes += in.left / 2;
    in.left -= in.left / 2;
    fuzz_run_put_task(r, "two", &in);
    char *words = NULL;
    size_t length = 0;
    FILE *told = open_memstream(&words, &length);
    if (told == NULL) abort();
    merge_summary summary;
    status s = merge_runs(&summary, told, output.directory, &inputs[0], &r->plan->plan, inputs, 2);
    fclose(told);
    fuzz_must_be_plain(words, length);
    free(words);
    if (!failed(s) && summary.done + summary.failed > 1) abort();
    return 0;
}
