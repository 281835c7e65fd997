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
    char first[PICTURE_NAME]; /* the first picture: the one that others are compared with */
    int *keep;                /* (count) places of the pictures that stay; owned */
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

/* Of the files that stay, one after another. */
static status add_bytes(checksum *sum, void *ctx)
{
    const pictures *p = ctx;
    for (int i = 0; i < p->job->count; i++) {
        char name[PICTURE_NAME];
        uint8_t *bytes;
        size_t size;
        TRY(p->job->read(&bytes, &size, name, p->job->where, p->keep[i]));
        checksum_add(sum, bytes, size);
        free(bytes);
    }
    return status_ok();
}

static status stamp(checksum *sum, void *ctx)
{
    const pictures *p = ctx;
    return p->job->stamp(sum, p->job->where);
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
    TRY(pieces_make(made, "pictures"));
    if (import_switch(p->job->request, "skip-bad")) {
        status s = drop_left_out(p, made);
        if (!failed(s)) s = settle(p);
        TRY(import_ranks_agree(r, s));
    }
    return pieces_write(made, &p->what, NULL);
}

static status import(pictures *p)
{
    const import_request *r = p->job->request;
    const pieces_source source = {
        .name = p->job->source, .ctx = p, .stamp = stamp, .add_bytes = add_bytes, .make = make_sample};
    pieces *made = NULL;
    status s = look_at_first(p);
    if (!failed(s) && !import_switch(r, "skip-bad")) s = settle(p);
    TRY(import_ranks_agree(import_who(r), s));
    TRY(pieces_open(&made, r, &source, p->job->count, (size_t)p->height * p->width * p->channels));
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
