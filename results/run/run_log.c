#define _POSIX_C_SOURCE 200809L
#include "results/run/run_log.h"

#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/base/clock.h"
#include "core/base/file.h"
#include "results/run/run_internal.h"

static void copy_text(char *out, size_t room, const json_t *object, const char *name)
{
    const char *text = json_string_value(json_object_get(object, name));
    snprintf(out, room, "%s", text != NULL ? text : "");
}

status run_log_read(const char *directory, void (*visit)(void *ctx, const run_log_line *line), void *ctx)
{
    char path[RUN_PATH_BYTES], *text, *rest = NULL;
    snprintf(path, sizeof path, "%.*s/log.jsonl", MAX_PATH_TEXT, directory);
    if (!file_exists(path)) return status_ok();
    TRY(file_read_text(&text, path));
    for (char *at = strtok_r(text, "\n", &rest); at != NULL; at = strtok_r(NULL, "\n", &rest)) {
        json_t *object = json_loads(at, 0, NULL);
        if (object == NULL) continue;
        char stamp[32];
        const json_t *at_second = json_object_get(object, "at");
        run_log_line line = {.at = json_is_number(at_second) ? json_number_value(at_second) : -1,
                             .task = (int)json_integer_value(json_object_get(object, "task")),
                             .ranks = (int)json_integer_value(json_object_get(object, "ranks")),
                             .tasks = (int)json_integer_value(json_object_get(object, "tasks"))};
        copy_text(stamp, sizeof stamp, object, "time");
        copy_text(line.event, sizeof line.event, object, "event");
        copy_text(line.key, sizeof line.key, object, "key");
        line.time = clock_of_utc(stamp);
        json_decref(object);
        visit(ctx, &line);
    }
    free(text);
    return status_ok();
}
