#define _POSIX_C_SOURCE 200809L
#include "results/run/run_copy.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "core/base/file.h"
#include "core/io/seal.h"

static status make_copy(const char *temporary, const char *path, bool share)
{
    if (share && link(path, temporary) == 0) return status_ok();
    return file_copy(temporary, path);
}

status run_copy_task(const run *to, const run *from, const char *key, const char *owner, bool link)
{
    char source[MAX_PATH_TEXT], path[MAX_PATH_TEXT], temporary[MAX_PATH_TEXT + 64];
    run_task_path(source, from, key);
    run_task_path(path, to, key);
    snprintf(temporary, sizeof temporary, "%s.merge-%s.tmp", path, owner);
    bool there;
    TRY(make_copy(temporary, source, link));
    status result = seal_check(temporary); /* the source may have changed, or the copy */
    if (!failed(result)) result = file_publish_new(&there, temporary, path);
    if (failed(result) || there) unlink(temporary);
    return result;
}

status run_reuse(int *taken, FILE *told, const run *to, const run *from, const task_plan *plan, const char *owner)
{
    *taken = 0;
    for (int i = 0; i < plan->count; i++) {
        const char *key = plan->tasks[i].key;
        char path[MAX_PATH_TEXT], there[MAX_PATH_TEXT];
        run_task_path(there, to, key);
        run_task_path(path, from, key);
        if (file_exists(there) || !file_exists(path)) continue;
        record rec;
        status sound = run_read_task(&rec, from, key);
        if (failed(sound)) {
            if (sound.code != STATUS_DATA) return sound;
            if (told != NULL) fprintf(told, "not used: %s\n", sound.message);
            continue;
        }
        bool done = rec.state == RECORD_DONE;
        record_free(&rec);
        if (!done) continue;
        TRY(run_copy_task(to, from, key, owner, true));
        ++*taken;
    }
    return status_ok();
}
