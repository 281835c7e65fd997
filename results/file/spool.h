/* spool: a table of any length that grows row by row and is read column by column: a block of rows in memory, the
 * blocks before in a file without a name, in which each column of a block lies together. A table of one block needs no
 * file.
 */
#ifndef RESULTS_FILE_SPOOL_H
#define RESULTS_FILE_SPOOL_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

#include "core/base/status.h"

enum { SPOOL_BLOCK = 1024 }; /* rows */

/* The values of a column in one block: numbers one after another, or texts, each with its zero. */
typedef struct {
    char *bytes; /* (room) owned; NULL while room is 0 */
    size_t used, room;
} spool_piece;

/* Where a block lies in the file. */
typedef struct {
    off_t at;
    size_t *bytes; /* (count) of each column; owned */
    size_t count;  /* of columns that it has */
} spool_block;

typedef struct {
    const char *path; /* of the file while it is made; borrowed */
    int fd;           /* -1: none yet */
    off_t end;
    size_t rows;
    spool_piece *pieces; /* (columns) the block in memory; owned */
    size_t columns;
    spool_block *blocks; /* (block_count) in the file; owned */
    size_t block_count;
} spool;

/* No file is made yet. */
spool spool_new(const char *path);
void spool_free(spool *s);

/* One more column, without values in the blocks before. */
MUST_CHECK status spool_add_column(spool *s);

/* Appends to a column of the block in memory. Every column gets a value of each row, then the row ends. */
MUST_CHECK status spool_add(spool *s, size_t column, const void *value, size_t bytes);
MUST_CHECK status spool_end_row(spool *s);
size_t spool_open_rows(const spool *s); /* in memory that have ended */

/* Blocks: those in the file, and the rows in memory, if there are any. */
size_t spool_blocks(const spool *s);
size_t spool_block_rows(const spool *s, size_t block);

/* *values: of a column in one block; NULL when the column came later. Valid until the buffer, which the caller frees
 * with spool_piece_free, or the spool changes. */
MUST_CHECK status spool_read(const char **values, spool_piece *buffer, const spool *s, size_t block, size_t column);
void spool_piece_free(spool_piece *piece);

#endif
