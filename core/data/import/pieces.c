#include "core/data/import/pieces.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/data/import/partial.h"

enum { PIECE_BYTES = 1 << 20, MOST_IN_PIECE = 128 };

struct pieces {
    const import_request *request; /* borrowed */
    const import_ranks *ranks;     /* borrowed */
    const pieces_source *source;   /* borrowed */
    char stamp[CHECKSUM_TEXT];     /* of the source, before the work */
    partial *kept;                 /* rank 0 */
    int count, most, done;         /* samples, of one piece; pieces that are there */
    size_t sample;                 /* bytes */
    uint8_t *left_out;             /* (count), 0 or 1 */
    uint8_t *record;               /* left_out of the piece (n), its samples (n, sample) */
};

static int piece_count(const pieces *p)
{
    return (p->count + p->most - 1) / p->most;
}

static int samples_in(const pieces *p, int piece)
{
    int left = p->count - piece * p->most;
    return left < p->most ? left : p->most;
}

static size_t record_bytes(const pieces *p, int piece)
{
    return (size_t)samples_in(p, piece) * (1 + p->sample);
}

/* ---- what is there already ---- */

static void note_left_out(pieces *p, int piece)
{
    memcpy(p->left_out + (size_t)piece * p->most, p->record, (size_t)samples_in(p, piece));
}

static status read_kept(pieces *p)
{
    for (int i = 0; i < p->done; i++) {
        status s = partial_read(p->kept, i, p->record);
        if (failed(s) && s.code != STATUS_DATA) return s;
        if (failed(s)) {
            p->done = 0;
            return partial_restart(p->kept);
        }
        note_left_out(p, i);
        import_progress(p->request, "looking at what is there", i + 1, p->done);
    }
    return status_ok();
}

static status open_kept(pieces *p, const char *key)
{
    const int last = piece_count(p) - 1;
    TRY(partial_open(&p->kept, &p->done, p->request->output, key, last + 1, record_bytes(p, 0), record_bytes(p, last)));
    return read_kept(p);
}

static status make_room(pieces *p)
{
    p->left_out = calloc((size_t)p->count, 1);
    p->record = malloc(record_bytes(p, 0));
    if (p->left_out != NULL && p->record != NULL) return status_ok();
    return status_fail(STATUS_MEMORY, "no memory for %d samples of %zu bytes", p->most, p->sample);
}

static void free_pieces(pieces *p)
{
    free(p->left_out);
    free(p->record);
    free(p);
}

/* ---- what the samples depend on ---- */

static status make_stamp(char stamp[CHECKSUM_TEXT], const pieces_source *source)
{
    checksum sum = checksum_begin();
    status s = source->stamp(&sum, source->ctx), summed = checksum_end(&sum, stamp);
    return failed(s) ? s : summed;
}

static status make_key(char key[CHECKSUM_TEXT], pieces *p)
{
    const int32_t numbers[2] = {p->count, (int32_t)p->sample};
    checksum sum = checksum_begin();
    checksum_add(&sum, p->stamp, strlen(p->stamp) + 1);
    import_add_options(&sum, p->request);
    checksum_add_int32(&sum, numbers, 2);
    return checksum_end(&sum, key);
}

/* Collective. Do all ranks see the same source? */
static status agree_on_key(char key[CHECKSUM_TEXT], pieces *p, status local)
{
    const import_ranks *r = p->ranks;
    if (!failed(local)) local = make_stamp(p->stamp, p->source);
    if (!failed(local)) local = make_key(key, p);
    TRY(import_ranks_agree(r, local));
    char first[CHECKSUM_TEXT];
    memcpy(first, key, sizeof first);
    TRY(r->spread(r->ctx, 0, first, sizeof first));
    return import_ranks_agree(r, strcmp(first, key) == 0
                                     ? status_ok()
                                     : status_fail(STATUS_DATA, "%.300s has other files on rank %d than on rank 0",
                                                   p->source->name, r->rank));
}

static status open_on_all(pieces *p)
{
    const import_ranks *r = p->ranks;
    char key[CHECKSUM_TEXT] = "";
    TRY(agree_on_key(key, p, make_room(p)));
    TRY(import_ranks_agree(r, r->rank == 0 ? open_kept(p, key) : status_ok()));
    return r->spread(r->ctx, 0, &p->done, sizeof p->done);
}

status pieces_open(pieces **out, const import_request *request, const pieces_source *source, int count, size_t sample)
{
    pieces *p = calloc(1, sizeof *p);
    TRY(import_ranks_agree(import_who(request),
                           p != NULL ? status_ok() : status_fail(STATUS_MEMORY, "no memory to prepare data")));
    const size_t most = sample < PIECE_BYTES ? PIECE_BYTES / sample : 1;
    *p = (pieces){.request = request,
                  .ranks = import_who(request),
                  .source = source,
                  .count = count,
                  .most = most < MOST_IN_PIECE ? (int)most : MOST_IN_PIECE,
                  .sample = sample};
    status s = open_on_all(p);
    if (!failed(s)) {
        *out = p;
        return s;
    }
    partial_close(p->kept, true);
    free_pieces(p);
    return s;
}

/* ---- making them ---- */

static status make_piece(pieces *p, int piece, const char *what)
{
    const int n = samples_in(p, piece), size = p->ranks->size;
    for (int i = 0; i < n; i++) {
        bool none = false;
        TRY(p->source->make(p->record + n + (size_t)i * p->sample, &none, p->source->ctx, piece * p->most + i));
        if (none) memset(p->record + n + (size_t)i * p->sample, 0, p->sample);
        p->record[i] = none;
        /* The other ranks are about as far. */
        long known = (long)piece * p->most + (long)(i + 1) * size;
        import_progress(p->request, what, known < p->count ? known : p->count - 1L, p->count);
    }
    return status_ok();
}

static status keep_piece(pieces *p, int piece)
{
    TRY(partial_append(p->kept, p->record));
    note_left_out(p, piece);
    p->done = piece + 1;
    return status_ok();
}

/* A piece on each rank, from `first` on; rank 0 keeps them in their order, up to the first that failed. */
static status make_round(pieces *p, int first, const char *what)
{
    const import_ranks *r = p->ranks;
    const int own = first + r->rank, end = piece_count(p);
    status local = own < end ? make_piece(p, own, what) : status_ok(), outcome = local;
    if (r->rank == 0 && !failed(outcome)) outcome = keep_piece(p, first);
    for (int from = 1; from < r->size && first + from < end; from++) {
        status theirs = local;
        TRY(r->collect(r->ctx, from, &theirs, sizeof theirs));
        if (r->rank != 0 && r->rank != from) continue;
        if (!failed(theirs)) TRY(r->collect(r->ctx, from, p->record, record_bytes(p, first + from)));
        if (r->rank != 0 || failed(outcome)) continue;
        outcome = failed(theirs) ? theirs : keep_piece(p, first + from);
    }
    TRY(r->spread(r->ctx, 0, &outcome, sizeof outcome));
    return outcome;
}

status pieces_make(pieces *p, const char *what)
{
    const import_ranks *r = p->ranks;
    for (int first = p->done; first < piece_count(p); first += r->size) TRY(make_round(p, first, what));
    import_progress(p->request, what, p->count, p->count);
    return r->spread(r->ctx, 0, p->left_out, (size_t)p->count);
}

bool pieces_left_out(const pieces *p, int i)
{
    return p->left_out[i] != 0;
}

status pieces_read(pieces *p, void *sample, int i)
{
    const int piece = i / p->most;
    const size_t from = (size_t)samples_in(p, piece) + (size_t)(i % p->most) * p->sample;
    return partial_read_part(p->kept, piece, from, sample, p->sample);
}

/* ---- the prepared file ---- */

static status copy_made(prepared_file *out, pieces *p, void *ctx)
{
    (void)ctx;
    for (int piece = 0; piece < piece_count(p); piece++) {
        const int n = samples_in(p, piece);
        TRY(partial_read(p->kept, piece, p->record));
        int held = 0;
        for (int i = 0; i < n; i++) {
            if (p->record[i] != 0) continue;
            memmove(p->record + n + (size_t)held * p->sample, p->record + n + (size_t)i * p->sample, p->sample);
            held++;
        }
        TRY(prepared_add(out, p->record + n, held));
        import_progress(p->request, "writing", piece + 1, piece_count(p));
    }
    return status_ok();
}

static status write_samples(prepared_file **out, pieces *p, const prepared *what, pieces_writer *write)
{
    TRY(prepared_open(out, p->request->output, what));
    status s = write(*out, p, p->source->ctx);
    if (!failed(s)) return s;
    prepared_discard(*out);
    *out = NULL;
    return s;
}

static status sum_source(char sum[CHECKSUM_TEXT], const pieces_source *source)
{
    checksum all = checksum_begin();
    status s = source->add_bytes(&all, source->ctx), summed = checksum_end(&all, sum);
    return failed(s) ? s : summed;
}

static status check_unchanged(const pieces *p)
{
    char now[CHECKSUM_TEXT];
    TRY(make_stamp(now, p->source));
    if (strcmp(now, p->stamp) == 0) return status_ok();
    return status_fail(STATUS_DATA, "%.300s has changed while it was read: prepare it again", p->source->name);
}

status pieces_write(pieces *p, const prepared *what, pieces_writer *write)
{
    const import_ranks *r = p->ranks;
    const int summing = r->size > 1 ? 1 : 0;
    char sum[CHECKSUM_TEXT] = "";
    prepared_file *out = NULL;
    status s = status_ok();
    if (r->rank == 0) s = write_samples(&out, p, what, write != NULL ? write : copy_made);
    if (p->source->add_bytes == NULL)
        snprintf(sum, sizeof sum, "%s", what->source_checksum);
    else if (r->rank == summing && !failed(s))
        s = sum_source(sum, p->source);
    s = import_ranks_agree(r, s);
    if (!failed(s)) s = r->collect(r->ctx, p->source->add_bytes == NULL ? 0 : summing, sum, sizeof sum);
    if (!failed(s) && r->rank == 0) s = check_unchanged(p);
    if (r->rank == 0 && failed(s)) prepared_discard(out);
    if (r->rank == 0 && !failed(s)) s = prepared_close(out, sum);
    return s.code == STATUS_MPI ? s : import_ranks_agree(r, s);
}

status pieces_close(pieces *p, status outcome)
{
    if (p == NULL) return outcome;
    const bool machine = outcome.code == STATUS_IO || outcome.code == STATUS_MEMORY || outcome.code == STATUS_MPI;
    const bool keep = machine && p->done > 0;
    if (p->kept != NULL && keep)
        outcome = status_in(status_fail(outcome.code, "%.150s; the same command goes on from %.60s", outcome.message,
                                        partial_path(p->kept)),
                            "%d of %d parts are prepared", p->done, piece_count(p));
    partial_close(p->kept, keep);
    free_pieces(p);
    return outcome;
}
