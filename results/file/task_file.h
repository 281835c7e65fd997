/* task_file: one record in an open HDF5 file, as laid out in SCHEMA.md. Knows nothing of paths and directories. */
#ifndef RESULTS_FILE_TASK_FILE_H
#define RESULTS_FILE_TASK_FILE_H

#include "core/base/status.h"
#include "core/io/h5.h"
#include "core/task/record.h"
#include "results/file/fields.h"

/* What a person compares, as attributes of /record and, with the same names, as the columns of results.h5. */
extern const field_table task_file_columns;

/* One epoch, as the columns of /curve. */
extern const field_table task_file_epoch_columns;

MUST_CHECK status task_file_write(h5_id file, const record *rec);

/* Everything; the caller frees with record_free. */
MUST_CHECK status task_file_read(record *out, h5_id file);

/* Only the attributes of /record and the costs; the caller frees with record_free. STATUS_DATA when key and identity do
 * not belong together. */
MUST_CHECK status task_file_read_head(record *out, h5_id file);

#endif
