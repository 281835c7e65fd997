/* pieces: samples that are costly to make, made piece by piece, a piece on each rank at a time, and kept in a partial
 * file (partial.h) until all are there. Each sample is a function of its number alone, so results depend neither on the
 * number of ranks nor on stops. In memory: one piece (1 MB, or one sample) on each rank, a byte a sample on all. */
#ifndef CORE_DATA_IMPORT_PIECES_H
#define CORE_DATA_IMPORT_PIECES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "core/base/checksum.h"
#include "core/data/import/importer.h"
#include "core/data/prepared.h"

typedef struct pieces pieces;

/* Writes sample i to out. *left_out = true (and OK): there is no sample i; nothing need be written. A rank asks for
 * samples in increasing order. */
typedef status piece_maker(uint8_t *out, bool *left_out, void *ctx, int i);

/* What the samples are made from. All borrowed. */
typedef struct {
    const char *name; /* its path, for messages */
    void *ctx;        /* of the calls */
    /* Adds what changes when the source does (file_stamp). */
    status (*stamp)(checksum *sum, void *ctx);
    /* Adds the bytes that source_checksum is of. NULL: prepared.source_checksum has it already. */
    status (*add_bytes)(checksum *sum, void *ctx);
    piece_maker *make;
} pieces_source;

/* Collective. Samples with the same stamp, options, `count` and `sample` (bytes of one) are the same. STATUS_DATA: the
 * ranks see different sources. */
MUST_CHECK status pieces_open(pieces **out, const import_request *request, const pieces_source *source, int count,
                              size_t sample);

/* Collective. Makes what is not there yet. Of failures, that of the first sample is returned. `what`: for progress. */
MUST_CHECK status pieces_make(pieces *p, const char *what);

/* After pieces_make, on all ranks. */
bool pieces_left_out(const pieces *p, int i);

/* On rank 0: sample i as it was made. */
MUST_CHECK status pieces_read(pieces *p, void *sample, int i);

/* Hands samples to prepared_add, on rank 0. */
typedef status pieces_writer(prepared_file *out, pieces *p, void *ctx);

/* Collective. The prepared file: `write` (with source.ctx; NULL: the samples that were not left out, in their order) on
 * rank 0, while the next rank, if there is one, sums the source. Fails when the source has changed meanwhile. */
MUST_CHECK status pieces_write(pieces *p, const prepared *what, pieces_writer *write);

/* Local. The partial file stays after a failure of the machine (the status says so then), else it is removed. Returns
 * `outcome`. NULL is allowed. */
MUST_CHECK status pieces_close(pieces *p, status outcome);

#endif
