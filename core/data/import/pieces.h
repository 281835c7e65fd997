/* pieces: samples that are costly to make, made piece by piece, a piece on each rank at a time, and kept in a partial
 * file (partial.h) until all are there. Each sample is a function of its number alone, so results depend neither on the
 * number of ranks nor on stops. In memory: one piece (1 MB, or one sample) on each rank, a byte a sample on all. */
#ifndef CORE_DATA_IMPORT_PIECES_H
#define CORE_DATA_IMPORT_PIECES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "core/data/import/importer.h"
#include "core/data/prepared.h"

typedef struct pieces pieces;

/* Writes sample i to out. *left_out = true (and OK): there is no sample i; nothing need be written. */
typedef status piece_maker(uint8_t *out, bool *left_out, void *ctx, int i);

/* Collective. `key` (text of CHECKSUM_TEXT, the same on all ranks) stands for everything the samples depend on. */
MUST_CHECK status pieces_open(pieces **out, const import_request *request, const char *key, int count, size_t sample);

/* Collective. Makes what is not there yet. Of failures, that of the first sample is returned. `what`: for progress. */
MUST_CHECK status pieces_make(pieces *p, const char *what, piece_maker *make, void *ctx);

/* After pieces_make, on all ranks. */
bool pieces_left_out(const pieces *p, int i);

/* On rank 0: the samples that were not left out, in their order. */
MUST_CHECK status pieces_copy(pieces *p, prepared_file *out);

/* Local. The partial file stays after a failure of the machine (the status says so then), else it is removed. Returns
 * `outcome`. NULL is allowed. */
MUST_CHECK status pieces_close(pieces *p, status outcome);

#endif
