#include "core/data/import/import_pictures.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/base/checksum.h"
#include "core/base/number.h"
#include "core/data/dataset.h"
#include "core/data/import/division.h"
#include "core/data/import/picture.h"
#include "core/data/prepared.h"

enum { PIECE_BYTES = 4 << 20, MOST_SAMPLE_BYTES = 1 << 28 };

typedef struct {
    picture_job *job;
    int height, width, channels; /* of the samples; 0: as the first picture has them */
    picture_fit fit;
    char first[PICTURE_NAME]; /* the first picture: the one that others are compared with */
    checksum sum;
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

/* Picture i; also adds its bytes to the sum when there is one. */
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
    if (!failed(s)) checksum_add(&p->sum, bytes, size);
    free(bytes);
    return s;
}

/* ---- with --skip-bad, all are looked at before ---- */

/* Leaves out the pictures that cannot be read. A problem of the machine is none of the picture. */
static status leave_out_bad(pictures *p, int *keep)
{
    picture_job *job = p->job;
    int kept = 0;
    for (int i = 0; i < job->count; i++) {
        picture found = {0};
        status s = read_picture(p, &found, i);
        picture_free(&found);
        if (failed(s) && s.code != STATUS_DATA) return s;
        if (failed(s)) {
            fprintf(stderr, "left out: %s\n", s.message);
            continue;
        }
        job->labels[kept] = job->labels[i];
        job->marks[kept] = job->marks[i];
        keep[kept++] = i;
        import_progress(job->request, "checked", i + 1, job->count);
    }
    if (kept < job->count) fprintf(stderr, "%d of %d files were left out\n", job->count - kept, job->count);
    job->count = kept;
    if (kept > 0) return status_ok();
    return status_fail(STATUS_DATA, "%.300s: not one file is a picture that can be read", job->source);
}

/* ---- all of them ---- */

static status copy_pictures(pictures *p, prepared_file *out, const int *keep, uint8_t *piece, int most)
{
    size_t sample = (size_t)p->height * p->width * p->channels;
    int held = 0;
    for (int i = 0; i < p->job->count; i++) {
        picture found = {0};
        TRY(read_picture(p, &found, keep[i]));
        status s = picture_scale(piece + (size_t)held * sample, p->height, p->width, p->channels, &found, p->fit);
        picture_free(&found);
        TRY(s);
        if (++held == most || i + 1 == p->job->count) {
            TRY(prepared_add(out, piece, held));
            held = 0;
        }
        import_progress(p->job->request, "pictures", i + 1, p->job->count);
    }
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

static status write_samples(pictures *p, const prepared *what, const int *keep)
{
    size_t sample = (size_t)p->height * p->width * p->channels;
    int most = sample < PIECE_BYTES ? (int)(PIECE_BYTES / sample) : 1;
    char sum[CHECKSUM_TEXT];
    prepared_file *out;
    TRY(prepared_open(&out, p->job->request->output, what));
    uint8_t *piece = malloc((size_t)most * sample);
    status s = piece != NULL ? copy_pictures(p, out, keep, piece, most)
                             : status_fail(STATUS_MEMORY, "no memory for %d samples", most);
    free(piece);
    status summed = checksum_end(&p->sum, sum);
    if (!failed(s)) s = summed;
    if (!failed(s)) return prepared_close(out, sum);
    prepared_discard(out);
    return s;
}

static status write_prepared(pictures *p, const int *keep)
{
    picture_job *job = p->job;
    const import_request *r = job->request;
    bool drawn = has_mark(job, DIVISION_OPEN);
    char name[4 * DATASET_NAME], source[400];
    TRY(divide(job));
    import_name(name, sizeof name, r, job->source);
    prepared_source(source, sizeof source, job->kind, job->source);
    prepared what = {.name = name,
                     .source = source,
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
    TRY(prepared_check(&what));
    what.validation_fraction = prepared_validation_fraction(job->marks, job->count);
    return write_samples(p, &what, keep);
}

/* What the first picture decides is known before the file is created. */
static status look_at_first(pictures *p, int first)
{
    picture found = {0};
    TRY(read_picture(p, &found, first));
    picture_free(&found);
    if ((size_t)p->height * p->width * p->channels <= MOST_SAMPLE_BYTES) return status_ok();
    return status_fail(STATUS_DATA, "%s is too large for a sample; say --size HxW", p->first);
}

static status import_kept(pictures *p, int *keep)
{
    for (int i = 0; i < p->job->count; i++) keep[i] = i;
    if (import_switch(p->job->request, "skip-bad")) TRY(leave_out_bad(p, keep));
    TRY(look_at_first(p, keep[0]));
    p->sum = checksum_begin();
    return write_prepared(p, keep);
}

status import_pictures(picture_job *job)
{
    char unused[CHECKSUM_TEXT];
    pictures p = {.job = job};
    TRY(read_wishes(&p));
    if (job->count < 1) return status_fail(STATUS_DATA, "%.300s holds no pictures", job->source);
    int *keep = malloc((size_t)job->count * sizeof *keep);
    if (keep == NULL) return status_fail(STATUS_MEMORY, "no memory for a list of %d pictures", job->count);
    status s = import_kept(&p, keep);
    if (p.sum.context != NULL) (void)failed(checksum_end(&p.sum, unused));
    free(keep);
    return s;
}
