#define _POSIX_C_SOURCE 200809L
#include "results/file/spool.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "core/base/file.h"

spool spool_new(const char *path)
{
    return (spool){.path = path, .fd = -1};
}

void spool_piece_free(spool_piece *piece)
{
    free(piece->bytes);
    *piece = (spool_piece){NULL, 0, 0};
}

void spool_free(spool *s)
{
    for (size_t i = 0; i < s->columns; i++) spool_piece_free(&s->pieces[i]);
    for (size_t i = 0; i < s->block_count; i++) free(s->blocks[i].bytes);
    free(s->pieces);
    free(s->blocks);
    if (s->fd >= 0) close(s->fd);
}

static status reserve(spool_piece *piece, size_t bytes)
{
    if (bytes <= piece->room) return status_ok();
    const size_t room = 2 * bytes;
    char *more = realloc(piece->bytes, room);
    if (more == NULL) return status_fail(STATUS_MEMORY, "no memory for %zu bytes of a column", room);
    piece->bytes = more;
    piece->room = room;
    return status_ok();
}

status spool_add_column(spool *s)
{
    spool_piece *more = realloc(s->pieces, (s->columns + 1) * sizeof *more);
    if (more == NULL) return status_fail(STATUS_MEMORY, "no memory for %zu columns", s->columns + 1);
    s->pieces = more;
    s->pieces[s->columns++] = (spool_piece){NULL, 0, 0};
    return status_ok();
}

status spool_add(spool *s, size_t column, const void *value, size_t bytes)
{
    spool_piece *piece = &s->pieces[column];
    TRY(reserve(piece, piece->used + bytes));
    memcpy(piece->bytes + piece->used, value, bytes);
    piece->used += bytes;
    return status_ok();
}

/* Beside the file that will be made of the table: there is room for both or for none. */
static status make_file(spool *s)
{
    if (s->fd >= 0) return status_ok();
    s->fd = open(s->path, O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
    if (s->fd < 0) return status_fail(STATUS_IO, "cannot create %s: %s", s->path, strerror(errno));
    unlink(s->path);
    return status_ok();
}

static status store_pieces(spool *s, spool_block *block)
{
    for (size_t i = 0; i < s->columns; i++) {
        spool_piece *piece = &s->pieces[i];
        TRY(file_write_bytes(s->fd, s->path, piece->bytes, piece->used));
        block->bytes[i] = piece->used;
        s->end += (off_t)piece->used;
        piece->used = 0;
    }
    return status_ok();
}

static status store_block(spool *s)
{
    TRY(make_file(s));
    spool_block *more = realloc(s->blocks, (s->block_count + 1) * sizeof *more);
    if (more == NULL) return status_fail(STATUS_MEMORY, "no memory for %zu blocks of rows", s->block_count + 1);
    s->blocks = more;
    spool_block *block = &s->blocks[s->block_count];
    *block = (spool_block){s->end, malloc(s->columns * sizeof *block->bytes + 1), s->columns};
    if (block->bytes == NULL) return status_fail(STATUS_MEMORY, "no memory for %zu columns", s->columns);
    s->block_count++;
    return store_pieces(s, block);
}

status spool_end_row(spool *s)
{
    s->rows++;
    return spool_open_rows(s) == 0 ? store_block(s) : status_ok();
}

size_t spool_open_rows(const spool *s)
{
    return s->rows % SPOOL_BLOCK;
}

size_t spool_blocks(const spool *s)
{
    return s->block_count + (spool_open_rows(s) > 0);
}

size_t spool_block_rows(const spool *s, size_t block)
{
    return block < s->block_count ? SPOOL_BLOCK : spool_open_rows(s);
}

static status read_bytes(const spool *s, char *out, size_t bytes, off_t at)
{
    while (bytes > 0) {
        const ssize_t got = pread(s->fd, out, bytes, at);
        if (got < 0 && errno == EINTR) continue;
        if (got <= 0)
            return status_fail(STATUS_IO, "cannot read %s: %s", s->path, got < 0 ? strerror(errno) : "it was cut off");
        out += got;
        at += got;
        bytes -= (size_t)got;
    }
    return status_ok();
}

status spool_read(const char **values, spool_piece *buffer, const spool *s, size_t block, size_t column)
{
    *values = NULL;
    if (block == s->block_count) {
        *values = s->pieces[column].bytes;
        return status_ok();
    }
    const spool_block *b = &s->blocks[block];
    if (column >= b->count) return status_ok();
    off_t at = b->at;
    for (size_t i = 0; i < column; i++) at += (off_t)b->bytes[i];
    TRY(reserve(buffer, b->bytes[column]));
    TRY(read_bytes(s, buffer->bytes, b->bytes[column], at));
    *values = buffer->bytes;
    return status_ok();
}
