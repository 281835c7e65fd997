/* links: results */
/* status.json, log.jsonl and the file of a job, with a zero byte between them. What is printed is plain. */
#define _POSIX_C_SOURCE 200809L
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "results/run/run_log.h"
#include "results/run/run_look.h"
#include "results/run/run_use.h"
#include "tests/fuzz/fuzz.h"

static void count_line(void *ctx, const run_log_line *line)
{
    *(int *)ctx += line->task > 0;
}

/* What `bitfront status` prints, and with --json. */
static void print_look(FILE *out)
{
    run_look look;
    if (!failed(run_look_read(&look, fuzz_folder()))) {
        run_look_print(out, &look, fuzz_folder(), (run_look_style){.width = 80});
        run_look_print_next(out, &look);
        fuzz_must(run_look_json(out, &look, fuzz_folder(), ""));
    }
    run_look_free(&look);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
    fuzz_input in = {bytes, size};
    static const char *const names[] = {"status.json", "log.jsonl", "jobs/0123456789abcdef.json"};
    mkdir(fuzz_path("jobs"), 0700);
    for (int i = 0; i < 3; i++) {
        fuzz_input part = fuzz_part(&in, 0);
        if (part.left > 0)
            fuzz_put(names[i], part.bytes, part.left);
        else
            unlink(fuzz_path(names[i]));
    }
    char *words = NULL;
    size_t length = 0;
    FILE *out = open_memstream(&words, &length);
    if (out == NULL) abort();
    print_look(out);
    fclose(out);
    fuzz_must_be_plain(words, length);
    free(words);
    run_use use;
    int lines = 0;
    if (!failed(run_use_read(&use, fuzz_folder())) && !(use.busy >= 0 && use.makespan >= 0 && use.capacity >= 0))
        abort();
    (void)failed(run_log_read(fuzz_folder(), count_line, &lines));
    return 0;
}
