#include "core/data/import/import_pictures.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/base/checksum.h"
#include "core/base/number.h"
#include "core/data/dataset.h"
#include "core/data/import/division.h"
#include "core/data/import/picture.h"
#include "core/data/import/pieces.h"
#include "core/data/prepared.h"

enum { MOST_SAMPLE_BYTES = 1 << 28 };

typedef struct {
    picture_job *job;
    int height, width, channels; /* of the samples; 0: as the first picture has them */
    picture_fit fit;
    char first[PICTURE_NAME];  /* the first picture: the one that others are compared with */
    char stamp[CHECKSUM_TEXT]; /* of the files, before the work */
    int *keep;                 /* (count) places of the pictures that stay; owned */
    char name[4 * DATASET_NAME], source[400];
    prepared what; /* without samples; its texts are above */
} pictures;

/* ---- what is wanted ---- */

enum { MOST_PIXELS = 4096 }; /* of a side */

/* "96x64", or "96" for both. */
static status read_size(pictures *p, const char *text)
{
    const char *at = text;
    int64_t height, width;
    bool read = number_take_whole(&height, &at, 1, MOST_PIXELS);
    width = height;
    if (read && *at == 'x') {
        at++;
        read = number_take_whole(&width, &at, 1, MOST_PIXELS);
    }
    if (!read || *at != '\0')
        return status_fail(STATUS_CONFIG, "prepare: --size wants HxW or one number, 1 to %d pixels, not \"%.40s\"",
                           MOST_PIXELS, text);
    p->height = (int)height, p->width = (int)width;
    return status_ok();
}

static status read_wishes(pictures *p)
{
    const import_request *r = p->job->request;
    const char *fit = import_text(r, "fit");
    if (import_given(r, "size")) TRY(read_size(p, import_text(r, "size")));
    p->channels = p->job->channels;
    if (import_given(r, "channels")) p->channels = (int)import_integer(r, "channels");
    if (p->channels == 2)
        return status_fail(STATUS_CONFIG, "prepare: --channels wants 1 (grey) or 3 (red green blue), not 2");
    if (strcmp(fit, "crop") != 0 && strcmp(fit, "stretch") != 0)
        return status_fail(STATUS_CONFIG, "prepare: --fit wants crop or stretch, not \"%.40s\"", fit);
    p->fit = strcmp(fit, "crop") == 0 ? FIT_CROP : FIT_STRETCH;
    return status_ok();
}

/* ---- one picture ---- */

/* Takes what was not asked for from the first picture, and refuses a later one that is not like it. */
static status check_alike(pictures *p, const picture *found, const char *name)
{
    const import_request *r = p->job->request;
    if (p->first[0] == '\0') {
        snprintf(p->first, sizeof p->first, "%s", name);
        if (p->height == 0) p->height = found->height, p->width = found->width;
        if (p->channels == 0) p->channels = found->channels;
        return status_ok();
    }
    if (!import_given(r, "size") && (found->height != p->height || found->width != p->width))
        return status_fail(STATUS_CONFIG,
                           "%.150s has %d x %d pixels, %.150s has %d x %d; say which size all of them should get with "
                           "--size HxW",
                           p->first, p->height, p->width, name, found->height, found->width);
    if (!import_given(r, "channels") && p->job->channels == 0 && found->channels != p->channels)
        return status_fail(STATUS_CONFIG,
                           "%.150s is %s, %.150s is %s; say what all of them should be with --channels 1 (grey) or "
                           "--channels 3 (colour)",
                           p->first, p->channels == 1 ? "grey" : "in colour", name,
                           found->channels == 1 ? "grey" : "in colour");
    return status_ok();
}

/* Picture i. */
static status read_picture(pictures *p, picture *out, int i)
{
    char name[PICTURE_NAME];
    uint8_t *bytes;
    size_t size;
    TRY(p->job->read(&bytes, &size, name, p->job->where, i));
    status s = picture_decode(out, bytes, size, name);
    if (!failed(s)) {
        s = check_alike(p, out, name);
        if (failed(s)) picture_free(out);
    }
    free(bytes);
    return s;
}

/* A sample. With --skip-bad, one that cannot be read is left out; a problem of the machine is none of the picture. */
static status make_sample(uint8_t *out, bool *left_out, void *ctx, int i)
{
    pictures *p = ctx;
    picture found = {0};
    status s = read_picture(p, &found, i);
    if (failed(s)) {
        *left_out = s.code == STATUS_DATA && import_switch(p->job->request, "skip-bad");
        return *left_out ? status_ok() : s;
    }
    s = picture_scale(out, p->height, p->width, p->channels, &found, p->fit);
    picture_free(&found);
    return s;
}

/* What the first picture decides is known before anything is made. With --skip-bad it is the first that can be read. */
static status look_at_first(pictures *p)
{
    const picture_job *job = p->job;
    const bool skips = import_switch(job->request, "skip-bad");
    int first = 0;
    picture found = {0};
    status s = read_picture(p, &found, first);
    while (failed(s) && s.code == STATUS_DATA && skips && first + 1 < job->count) s = read_picture(p, &found, ++first);
    if (failed(s) && s.code == STATUS_DATA && skips)
        return status_fail(STATUS_DATA, "%.300s: not one file is a picture that can be read", job->source);
    TRY(s);
    picture_free(&found);
    if ((size_t)p->height * p->width * p->channels <= MOST_SAMPLE_BYTES) return status_ok();
    return status_fail(STATUS_DATA, "%s is too large for a sample; say --size HxW", p->first);
}

/* ---- what the samples depend on ---- */

static void add_text(checksum *sum, const char *text)
{
    checksum_add(sum, text != NULL ? text : "\n", text != NULL ? strlen(text) + 1 : 2);
}

static status make_stamp(char stamp[CHECKSUM_TEXT], const picture_job *job)
{
    checksum sum = checksum_begin();
    status s = job->stamp(&sum, job->where), summed = checksum_end(&sum, stamp);
    return failed(s) ? s : summed;
}

/* Options, list of files, and the files' sizes and times: with the same key, the samples are the same. */
static status make_key(char key[CHECKSUM_TEXT], const pictures *p)
{
    const picture_job *job = p->job;
    const import_request *r = job->request;
    const int32_t shape[5] = {job->count, job->classes, p->height, p->width, p->channels};
    checksum sum = checksum_begin();
    add_text(&sum, p->stamp);
    add_text(&sum, r->what->name);
    for (int k = 0; r->what->keys[k].name != NULL; k++) add_text(&sum, r->values[k]);
    checksum_add_int32(&sum, shape, 5);
    checksum_add_int32(&sum, job->labels, (size_t)job->count);
    checksum_add(&sum, job->marks, (size_t)job->count);
    for (int k = 0; k < job->classes; k++) add_text(&sum, job->class_names[k]);
    return checksum_end(&sum, key);
}

/* Collective. Do all ranks see the same files? */
static status agree_on_key(char key[CHECKSUM_TEXT], pictures *p, status local)
{
    const import_ranks *ranks = import_who(p->job->request);
    char first[CHECKSUM_TEXT] = "";
    if (!failed(local)) local = make_stamp(p->stamp, p->job);
    if (!failed(local)) local = make_key(key, p);
    if (!failed(local)) memcpy(first, key, sizeof first);
    TRY(import_ranks_agree(ranks, local));
    TRY(ranks->spread(ranks->ctx, 0, first, sizeof first));
    return import_ranks_agree(ranks, strcmp(first, key) == 0
                                         ? status_ok()
                                         : status_fail(STATUS_DATA, "%.300s has other files on rank %d than on rank 0",
                                                       p->job->source, ranks->rank));
}

/* ---- all of them ---- */

/* Rank 0 names what was left out. */
static status tell_left_out(pictures *p, int i)
{
    picture found = {0};
    status s = read_picture(p, &found, i);
    picture_free(&found);
    if (failed(s) && s.code != STATUS_DATA) return s;
    if (!failed(s))
        return status_fail(STATUS_DATA, "%.300s has changed while it was read: prepare it again", p->job->source);
    fprintf(stderr, "left out: %s\n", s.message);
    return status_ok();
}

/* Labels and marks of those that stay move together. */
static status drop_left_out(pictures *p, const pieces *made)
{
    picture_job *job = p->job;
    int kept = 0;
    for (int i = 0; i < job->count; i++) {
        if (pieces_left_out(made, i)) {
            if (import_who(job->request)->rank == 0) TRY(tell_left_out(p, i));
            continue;
        }
        job->labels[kept] = job->labels[i];
        job->marks[kept] = job->marks[i];
        p->keep[kept++] = i;
    }
    if (kept < job->count && import_who(job->request)->rank == 0)
        fprintf(stderr, "%d of %d files were left out\n", job->count - kept, job->count);
    job->count = kept;
    return status_ok();
}

static bool has_mark(const picture_job *job, uint8_t mark)
{
    return job->count > 0 && memchr(job->marks, mark, (size_t)job->count) != NULL;
}

static status divide(const picture_job *job)
{
    const import_request *r = job->request;
    return division_draw(job->marks, job->labels, job->count, job->classes, job->class_names,
                         (uint64_t)import_integer(r, "seed"),
                         has_mark(job, SPLIT_VALIDATION) ? 0 : import_number(r, "validation"),
                         has_mark(job, SPLIT_TEST) ? 0 : import_number(r, "test"));
}

/* Of the bytes of the files that stay, one after another. */
static status source_checksum(char sum[CHECKSUM_TEXT], const pictures *p)
{
    checksum all = checksum_begin();
    status s = status_ok();
    for (int i = 0; i < p->job->count && !failed(s); i++) {
        char name[PICTURE_NAME];
        uint8_t *bytes;
        size_t size;
        s = p->job->read(&bytes, &size, name, p->job->where, p->keep[i]);
        if (failed(s)) break;
        checksum_add(&all, bytes, size);
        free(bytes);
    }
    status summed = checksum_end(&all, sum);
    return failed(s) ? s : summed;
}

static status copy_samples(prepared_file **out, const pictures *p, pieces *made)
{
    TRY(prepared_open(out, p->job->request->output, &p->what));
    status s = pieces_copy(made, *out);
    if (!failed(s)) return s;
    prepared_discard(*out);
    *out = NULL;
    return s;
}

static status check_unchanged(const pictures *p)
{
    char now[CHECKSUM_TEXT];
    TRY(make_stamp(now, p->job));
    if (strcmp(now, p->stamp) == 0) return status_ok();
    return status_fail(STATUS_DATA, "%.300s has changed while it was read: prepare it again", p->job->source);
}

/* Collective. Rank 0 writes while the next one, if there is one, reads the files once more for their checksum. */
static status write_samples(const pictures *p, pieces *made)
{
    const import_ranks *r = import_who(p->job->request);
    const int summing = r->size > 1 ? 1 : 0;
    char sum[CHECKSUM_TEXT] = "";
    prepared_file *out = NULL;
    status s = status_ok();
    if (r->rank == 0) s = copy_samples(&out, p, made);
    if (r->rank == summing && !failed(s)) s = source_checksum(sum, p);
    s = import_ranks_agree(r, s);
    if (!failed(s)) s = r->collect(r->ctx, summing, sum, sizeof sum);
    if (!failed(s) && r->rank == 0) s = check_unchanged(p);
    if (r->rank == 0 && failed(s)) prepared_discard(out);
    if (r->rank == 0 && !failed(s)) s = prepared_close(out, sum);
    return s.code == STATUS_MPI ? s : import_ranks_agree(r, s);
}

/* Splits, and everything about the set but the samples. */
static status settle(pictures *p)
{
    const picture_job *job = p->job;
    const import_request *r = job->request;
    const bool drawn = has_mark(job, DIVISION_OPEN);
    if (job->count < 1)
        return status_fail(STATUS_DATA, "%.300s: not one file is a picture that can be read", job->source);
    TRY(divide(job));
    import_name(p->name, sizeof p->name, r, job->source);
    prepared_source(p->source, sizeof p->source, job->kind, job->source);
    p->what = (prepared){.name = p->name,
                         .source = p->source,
                         .height = p->height,
                         .width = p->width,
                         .channels = p->channels,
                         .classes = job->classes,
                         .count = job->count,
                         .scale = 1.0f / 255.0f,
                         .labels = job->labels,
                         .split = job->marks,
                         .class_names = job->class_names,
                         .split_seed = drawn ? (uint64_t)import_integer(r, "seed") : 0};
    TRY(prepared_check(&p->what));
    p->what.validation_fraction = prepared_validation_fraction(job->marks, job->count);
    return status_ok();
}

/* Collective. What can be known before the work is refused before the work. */
static status make_and_write(pictures *p, pieces *made)
{
    const import_ranks *r = import_who(p->job->request);
    TRY(pieces_make(made, "pictures", make_sample, p));
    if (import_switch(p->job->request, "skip-bad")) {
        status s = drop_left_out(p, made);
        if (!failed(s)) s = settle(p);
        TRY(import_ranks_agree(r, s));
    }
    return write_samples(p, made);
}

static status import(pictures *p)
{
    const import_request *r = p->job->request;
    char key[CHECKSUM_TEXT] = "";
    pieces *made = NULL;
    TRY(agree_on_key(key, p, look_at_first(p)));
    if (!import_switch(r, "skip-bad")) TRY(import_ranks_agree(import_who(r), settle(p)));
    TRY(pieces_open(&made, r, key, p->job->count, (size_t)p->height * p->width * p->channels));
    return pieces_close(made, make_and_write(p, made));
}

static status begin(pictures *p)
{
    const picture_job *job = p->job;
    TRY(read_wishes(p));
    if (job->count < 1) return status_fail(STATUS_DATA, "%.300s holds no pictures", job->source);
    p->keep = malloc((size_t)job->count * sizeof *p->keep);
    if (p->keep == NULL) return status_fail(STATUS_MEMORY, "no memory for a list of %d pictures", job->count);
    for (int i = 0; i < job->count; i++) p->keep[i] = i;
    return status_ok();
}

status import_pictures(picture_job *job)
{
    pictures p = {.job = job};
    status s = import_ranks_agree(import_who(job->request), begin(&p));
    if (!failed(s)) s = import(&p);
    free(p.keep);
    return s;
}
