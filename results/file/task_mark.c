#define _POSIX_C_SOURCE 200809L
#include "results/file/task_mark.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "core/base/file.h"
#include "core/io/seal.h"

enum { MARK_BYTES = TASK_MARK_BYTES, FIRST_WORD = 14, KEY_DIGITS = TASK_KEY - 1 };
static const char *const STATES[] = {[RECORD_DONE] = "done", [RECORD_FAILED] = "failed"};

/* "bitfront-task KEY done", filled up with spaces to a line of MARK_BYTES. */
static void mark_text(char out[MARK_BYTES + 1], const task_mark *mark)
{
    char line[MARK_BYTES];
    snprintf(line, sizeof line, "bitfront-task %.32s %s", mark->key, STATES[mark->state]);
    snprintf(out, MARK_BYTES + 1, "%-63s\n", line);
}

status task_mark_append(const char *path, const task_mark *mark)
{
    char text[MARK_BYTES + 1];
    mark_text(text, mark);
    int fd = open(path, O_WRONLY | O_APPEND | O_CLOEXEC);
    if (fd < 0) return status_fail(STATUS_IO, "cannot open %s: %s", path, strerror(errno));
    status result = file_write_bytes(fd, path, text, MARK_BYTES);
    if (close(fd) != 0 && !failed(result))
        result = status_fail(STATUS_IO, "cannot write %s: %s", path, strerror(errno));
    return result;
}

status task_mark_parse(task_mark *out, const char found[TASK_MARK_BYTES], const char *path)
{
    static const record_state states[] = {RECORD_DONE, RECORD_FAILED};
    char expected[MARK_BYTES + 1];
    for (size_t i = 0; i < sizeof states / sizeof *states; i++) {
        task_mark mark = {.state = states[i]};
        memcpy(mark.key, found + FIRST_WORD, KEY_DIGITS);
        mark_text(expected, &mark);
        if (memcmp(found, expected, MARK_BYTES) != 0) continue;
        *out = mark;
        return status_ok();
    }
    return status_fail(STATUS_DATA, "%s does not say which task it is of: it was changed", path);
}

status task_mark_read(task_mark *out, const char *path)
{
    char found[MARK_BYTES];
    TRY(seal_check_end(found, MARK_BYTES, path));
    return task_mark_parse(out, found, path);
}
