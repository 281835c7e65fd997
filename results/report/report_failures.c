#include "results/report/report_failures.h"

#include <stdlib.h>
#include <string.h>

#include "core/base/file.h"
#include "core/base/text.h"
#include "core/io/h5.h"
#include "core/io/seal.h"

enum { MOST_FAILURES = 10 };

/* Texts of a column, as many as its neighbours have. */
static status read_column(char ***out, size_t count, h5_id points, const char *name)
{
    size_t found;
    TRY(h5_read_strings(out, &found, points, name));
    if (found == count) return status_ok();
    return status_fail(STATUS_DATA, "the columns state and %s have %zu and %zu entries", name, count, found);
}

static status print_reasons(FILE *out, h5_id points)
{
    char **states = NULL, **reasons = NULL, **keys = NULL;
    size_t count = 0, printed = 0;
    status s = h5_read_strings(&states, &count, points, "state");
    if (!failed(s)) s = read_column(&reasons, count, points, "reason");
    if (!failed(s)) s = read_column(&keys, count, points, "key");
    for (size_t i = 0; i < count && !failed(s); i++) {
        if (strcmp(states[i], "failed") != 0 || printed++ >= MOST_FAILURES) continue;
        text_printable(keys[i]);
        text_printable(reasons[i]);
        fprintf(out, "failed   task %.8s: %s\n", keys[i], reasons[i]);
    }
    if (printed > MOST_FAILURES)
        fprintf(out, "         and %zu more; bitfront list shows all\n", printed - MOST_FAILURES);
    free(states);
    free(reasons);
    free(keys);
    return s;
}

status report_failures(FILE *out, const char *path)
{
    h5_id file, points;
    if (!file_exists(path)) return status_ok();
    TRY(seal_check(path));
    TRY(h5_open_read(&file, path));
    status s = h5_group_open(&points, file, "points");
    if (!failed(s)) {
        s = print_reasons(out, points);
        h5_group_close(points);
    }
    status closed = h5_close(file);
    return failed(s) ? status_in(s, "%.200s", path) : closed;
}
