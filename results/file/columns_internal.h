/* columns_internal: the table of columns.h as its files see it. */
#ifndef RESULTS_FILE_COLUMNS_INTERNAL_H
#define RESULTS_FILE_COLUMNS_INTERNAL_H

#include "core/io/h5_column.h"
#include "core/task/record.h"
#include "results/file/columns.h"
#include "results/file/spool.h"

enum { COLUMNS_FILE_NAME = 48 };

/* Columns of the spool: those of task_file_columns, then a double for each cost that some task has. */
struct columns {
    spool rows;
    h5_text_shape *shapes; /* (task_file_columns.count) of texts; owned */
    h5_text_shape files;   /* of the names of the tasks' files */
    record_cost *costs;    /* (cost_count) of the first task that has it; owned */
    size_t cost_count;
};

/* What the axis of every column is called. */
#define COLUMNS_DIMENSION "id"

/* The column of this name among those of every task. */
size_t columns_find(const char *name);

/* Of a task's key. */
void columns_file_name(char out[COLUMNS_FILE_NAME], const char *key);

/* texts[] receives `rows` texts that lie one after another. */
void columns_texts(const char **texts, const char *bytes, size_t rows);

/* The column on_front: of the model's size, or of the first cost. */
MUST_CHECK status columns_write_front(const columns *c, h5_id group);

#endif
