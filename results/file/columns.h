/* columns: the table /points of results.h5 while it grows row by row. Rows are kept in a spool, so that memory does not
 * grow with them, where a record takes more than 3 kB. */
#ifndef RESULTS_FILE_COLUMNS_H
#define RESULTS_FILE_COLUMNS_H

#include <stddef.h>

#include "core/base/status.h"
#include "core/io/h5.h"
#include "core/task/record.h"

typedef struct columns columns;

/* scratch: a file that may be made there, and has no name once it is (spool.h); borrowed. *out is NULL after an error.
 */
MUST_CHECK status columns_new(columns **out, const char *scratch);
void columns_free(columns *c); /* NULL is fine */

/* Appends a row. What a failed task did not reach is not a number, so that no mean or plot takes it for a result. */
MUST_CHECK status columns_add(columns *c, const record *head);
size_t columns_rows(const columns *c);

/* Writes every column below `group`, with one for every cost that any task has, in the order of their first appearance,
 * the file of each task, the name of the data set, and who is on the front. `id` is the scale of all. */
MUST_CHECK status columns_write(const columns *c, h5_id group, const char *data);

#endif
