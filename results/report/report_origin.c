#define _POSIX_C_SOURCE 200809L
#include "results/report/report_origin.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/base/file.h"
#include "core/io/h5.h"
#include "core/io/seal.h"

enum { PATH_BYTES = 4096 + 32, OLDEST_FORMAT = 2, FORMAT = 3 };

/* *same := the attribute of the file is the text in directory/name. */
static status compare(bool *same, h5_id file, const char *attribute, const char *directory, const char *name)
{
    char path[PATH_BYTES], *stored = NULL, *described = NULL;
    snprintf(path, sizeof path, "%s/%s", directory, name);
    status s = file_read_text(&described, path);
    if (!failed(s)) s = h5_get_text(&stored, file, ".", attribute);
    if (!failed(s)) *same = strcmp(stored, described) == 0;
    free(stored);
    free(described);
    return s;
}

static status check_open(h5_id file, const char *path, const char *directory)
{
    static const struct {
        const char *attribute, *name;
    } parts[] = {{"config", "config.cfg"}, {"network", "network.cfg"}, {"data_checksum", "data.checksum"}};
    int64_t format;
    TRY(h5_get_integer(&format, file, ".", "format"));
    if (format < OLDEST_FORMAT || format > FORMAT)
        return status_fail(STATUS_DATA,
                           "%.300s is of format %d, made by another version of bitfront: read it with that", path,
                           (int)format);
    for (size_t i = 0; i < sizeof parts / sizeof *parts; i++) {
        bool same;
        TRY(compare(&same, file, parts[i].attribute, directory, parts[i].name));
        if (same) continue;
        return status_fail(
            STATUS_DATA,
            "%.200s was made for another %s than the one beside it: the sweep renews it at its start. To see what it "
            "holds say: bitfront front %.200s",
            path, parts[i].name, path);
    }
    return status_ok();
}

status report_origin_check(const char *file, const char *directory)
{
    h5_id opened;
    TRY(seal_check(file));
    TRY(h5_open_read(&opened, file));
    status s = check_open(opened, file, directory);
    h5_discard(opened);
    return s;
}
