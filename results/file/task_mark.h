/* task_mark: a line of text between the HDF5 part of a task file and its seal: which task it is of, and how that ended.
 * It tells what the start of a sweep asks of thousands of finished tasks, without opening each with HDF5. The seal
 * covers it; HDF5 does not see it. What HDF5 reads of the file later must say the same (run_task.c). */
#ifndef RESULTS_FILE_TASK_MARK_H
#define RESULTS_FILE_TASK_MARK_H

#include "core/base/status.h"
#include "core/task/record.h"

enum { TASK_MARK_BYTES = 64 };

typedef struct {
    char key[TASK_KEY];
    record_state state;
} task_mark;

/* Appends the mark to a complete, closed file, which is sealed afterwards. */
MUST_CHECK status task_mark_append(const char *path, const task_mark *mark);

/* Checks the seal of the whole file and reads its mark. DATA when the file was cut off or changed, or has no mark. */
MUST_CHECK status task_mark_read(task_mark *out, const char *path);

/* The same of the last TASK_MARK_BYTES bytes before the seal, which were read already. */
MUST_CHECK status task_mark_parse(task_mark *out, const char found[TASK_MARK_BYTES], const char *path);

#endif
