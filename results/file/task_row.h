/* task_row: the row of /points that a task file stands for, as text between its HDF5 part and its mark (task_mark.h),
 * so that a table of very many tasks is made without opening each with HDF5. The seal covers it; HDF5 does not see it,
 * and what HDF5 reads says the same (run_task.c). Files of format 2 have none. */
#ifndef RESULTS_FILE_TASK_ROW_H
#define RESULTS_FILE_TASK_ROW_H

#include "core/base/status.h"
#include "results/file/task_mark.h"

/* Appends the row to a complete, closed file; the mark comes next. A row of unusual length is left out. */
MUST_CHECK status task_row_append(const char *path, const record *rec);

/* Checks the seal of the whole file and reads its mark and its row: what task_file_columns and the costs hold; the
 * caller frees with record_free. *there: false when the file has no row. DATA when the file was changed. */
MUST_CHECK status task_row_read(bool *there, record *out, task_mark *mark, const char *path);

/* Does the file have no row, or that of `rec`? DATA otherwise. */
MUST_CHECK status task_row_check(const char *path, const record *rec);

#endif
