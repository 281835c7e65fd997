#include "core/data/import/import_arrays.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/data/dataset.h"
#include "core/data/import/class_list.h"
#include "core/data/import/division.h"
#include "core/data/import/file_list.h"
#include "core/data/import/pieces.h"
#include "core/data/prepared.h"

enum { SUM_BYTES = 1 << 20, MOST_SAMPLES = 1 << 30, MOST_SAMPLE_BYTES = 1 << 28 };

/* Where a rank is in the sample arrays, and room for one sample. */
typedef struct {
    array_file file;
    int part, next;  /* part: -1: none is open; next: sample of the part */
    uint8_t *raw;    /* (sample) as it is in the file; owned */
    double *numbers; /* (sample) of floats; owned */
} array_reader;

typedef struct {
    const array_job *job;
    int count, part_samples[ARRAY_PARTS], height, width, channels, classes;
    array_kind kind; /* of the samples */
    int element;
    int32_t *labels; /* owned */
    uint8_t *split;  /* owned */
    class_list names;
    array_reader reader;
    char name[4 * DATASET_NAME], source[400];
    prepared what; /* without samples; its texts are above */
} arrays;

/* ---- labels ---- */

static status check_label_shape(const array_file *a)
{
    char shape[128];
    array_shape(shape, sizeof shape, a);
    bool column = a->rank == 2 && a->dims[1] == 1;
    if (a->rank == 2 && !column)
        return status_fail(STATUS_DATA,
                           "%s: labels of shape %s where (N,) is wanted; if each row has a one at its class (one-hot), "
                           "save array.argmax(axis=1)",
                           a->name, shape);
    if (a->rank != 1 && !column)
        return status_fail(STATUS_DATA, "%s: labels of shape %s where (N,) is wanted; are samples and labels mixed up?",
                           a->name, shape);
    if (a->kind == ARRAY_FLOAT)
        return status_fail(STATUS_DATA, "%s: labels are floats where whole numbers are wanted; save array.astype(int)",
                           a->name);
    return status_ok();
}

static status keep_labels(arrays *s, const array_file *a, const double *numbers, int first, int count)
{
    const long from = import_integer(s->job->request, "labels-from");
    for (int i = 0; i < count; i++) {
        double label = numbers[i] - (double)from;
        if (label < 0)
            return status_fail(STATUS_DATA, "%s: sample %d has label %.0f; labels count classes from %ld on", a->name,
                               first + i, numbers[i], from);
        if (label >= DATASET_MAX_CLASSES)
            return status_fail(
                STATUS_DATA,
                "%s: sample %d has label %.0f, but at most %d classes are possible; is this the array of "
                "labels?",
                a->name, first + i, numbers[i], DATASET_MAX_CLASSES);
        s->labels[s->count + first + i] = (int32_t)label;
        if (label >= s->classes) s->classes = (int)label + 1;
    }
    return status_ok();
}

static status read_numbers(arrays *s, array_file *a, int count)
{
    double numbers[1024];
    for (int done = 0; done < count;) {
        int n = count - done < 1024 ? count - done : 1024;
        TRY(array_read_numbers(a, numbers, (size_t)n));
        TRY(keep_labels(s, a, numbers, done, n));
        done += n;
    }
    return array_end(a);
}

static status grow(arrays *s, int more, uint8_t mark)
{
    size_t count = (size_t)s->count + (size_t)more;
    int32_t *labels = realloc(s->labels, count * sizeof *labels);
    if (labels != NULL) s->labels = labels;
    uint8_t *marks = realloc(s->split, count);
    if (marks != NULL) s->split = marks;
    if (labels == NULL || marks == NULL) return status_fail(STATUS_MEMORY, "no memory for %zu labels", count);
    memset(marks + s->count, mark, (size_t)more);
    return status_ok();
}

static status read_labels_of(arrays *s, array_file *a, int part, int wanted)
{
    TRY(check_label_shape(a));
    if (a->dims[0] != (size_t)wanted)
        return status_fail(STATUS_DATA, "%s has %zu labels for %d samples", a->name, a->dims[0], wanted);
    TRY(grow(s, wanted, s->job->parts[part].mark));
    TRY(read_numbers(s, a, wanted));
    s->count += wanted;
    return status_ok();
}

static status read_labels(arrays *s)
{
    s->count = 0; /* grows with the labels, to what the shapes said */
    for (int p = 0; p < s->job->part_count; p++) {
        array_file a;
        TRY(s->job->open(&a, s->job->parts[p].labels, s->job->parts[p].labels_member, NULL));
        status outcome = read_labels_of(s, &a, p, s->part_samples[p]);
        array_close(&a);
        TRY(outcome);
    }
    return status_ok();
}

/* Every class from 0 on has a sample; labels that begin with 1 are told apart. */
static status check_labels(const arrays *s)
{
    int counts[DATASET_MAX_CLASSES] = {0};
    for (int i = 0; i < s->count; i++) counts[s->labels[i]]++;
    const char *where = s->job->parts[0].labels;
    for (int k = 0; k < s->classes; k++) {
        if (counts[k] > 0) continue;
        if (k == 0 && s->classes > 1)
            return status_fail(STATUS_DATA,
                               "%.300s: no sample has label 0, the labels end with %d: they seem to count from 1; say "
                               "--labels-from 1",
                               where, s->classes - 1);
        return status_fail(STATUS_DATA,
                           "%.300s: no sample has label %d, though labels go up to %d: number the classes without gaps",
                           where, k, s->classes - 1);
    }
    if (s->classes < 2) return status_fail(STATUS_DATA, "%.300s: all samples have one label", where);
    return status_ok();
}

/* ---- samples ---- */

static status check_type(const arrays *s, const array_file *a)
{
    if (a->kind == ARRAY_FLOAT && s->job->limit <= 0)
        return status_fail(STATUS_DATA,
                           "%s: samples are floats; a prepared sample has 8 bits. For values from 0 to 1 (or -1 to 1) "
                           "say --limit 1: the largest value becomes the largest code",
                           a->name);
    if (a->kind != ARRAY_FLOAT && a->element != 1)
        return status_fail(STATUS_DATA,
                           "%s: samples are integers of %d bytes; a prepared sample has 8 bits. If all values are 0 to "
                           "255, save array.astype('uint8')",
                           a->name, a->element);
    return status_ok();
}

static status check_sample_shape(const arrays *s, const array_file *a)
{
    char shape[128];
    array_shape(shape, sizeof shape, a);
    if (a->rank != 3 && a->rank != 4)
        return status_fail(
            STATUS_DATA,
            "%s: samples of shape %s where (N, height, width, channels) or (N, height, width) is wanted; "
            "%s",
            a->name, shape,
            a->rank == 1   ? "are samples and labels mixed up?"
            : a->rank == 2 ? "rows of numbers need a reshape"
                           : "bring it to four dimensions with reshape");
    bool few_first = a->rank == 4 && (a->dims[1] == 1 || a->dims[1] == 3) && a->dims[3] > 4;
    bool few_last = a->rank == 4 && (a->dims[3] == 1 || a->dims[3] == 3) && a->dims[1] > 4;
    if (few_first && !s->job->channels_first)
        return status_fail(STATUS_DATA,
                           "%s: samples of shape %s where (N, height, width, channels) is wanted: the channels seem to "
                           "come first; say --channels-first",
                           a->name, shape);
    if (few_last && s->job->channels_first)
        return status_fail(STATUS_DATA,
                           "%s: with --channels-first, shape (N, channels, height, width) is wanted, not %s", a->name,
                           shape);
    return status_ok();
}

static status read_shape_of(arrays *s, const array_file *a, int part)
{
    TRY(check_sample_shape(s, a));
    TRY(check_type(s, a));
    const size_t *d = a->dims;
    bool first = s->job->channels_first && a->rank == 4;
    size_t channels = a->rank == 3 ? 1 : first ? d[1] : d[3], height = first ? d[2] : d[1], width = first ? d[3] : d[2];
    if (height > MOST_SAMPLE_BYTES / width || height * width > MOST_SAMPLE_BYTES / channels ||
        d[0] > MOST_SAMPLES - (size_t)s->count)
        return status_fail(STATUS_DATA, "%s: %zu samples of %zu x %zu x %zu are too many or too large", a->name, d[0],
                           height, width, channels);
    if (part > 0 && ((size_t)s->height != height || (size_t)s->width != width || (size_t)s->channels != channels ||
                     s->kind != a->kind || s->element != a->element))
        return status_fail(
            STATUS_DATA,
            "%s: samples of %zu x %zu x %zu, %d bytes each; those of the other split are %d x %d x %d, %d "
            "bytes each",
            a->name, height, width, channels, a->element, s->height, s->width, s->channels, s->element);
    s->height = (int)height, s->width = (int)width, s->channels = (int)channels;
    s->kind = a->kind, s->element = a->element;
    s->part_samples[part] = (int)d[0];
    s->count += (int)d[0];
    return status_ok();
}

static status read_shapes(arrays *s)
{
    for (int p = 0; p < s->job->part_count; p++) {
        array_file a;
        TRY(s->job->open(&a, s->job->parts[p].images, s->job->parts[p].images_member, NULL));
        status outcome = read_shape_of(s, &a, p);
        array_close(&a);
        TRY(outcome);
    }
    return status_ok();
}

/* (C, H, W) -> (H, W, C) */
static void turn(uint8_t *out, const uint8_t *in, int channels, size_t pixels)
{
    for (size_t p = 0; p < pixels; p++)
        for (int k = 0; k < channels; k++) out[p * (size_t)channels + (size_t)k] = in[(size_t)k * pixels + p];
}

/* Floats -> codes: limit becomes 255, or 127 where codes are signed. */
static status quantise(uint8_t *out, const double *in, size_t count, double limit, bool is_signed, const char *name)
{
    const double top = is_signed ? 127 : 255;
    for (size_t i = 0; i < count; i++) {
        if (!(in[i] <= limit && in[i] >= (is_signed ? -limit : 0)))
            return status_fail(
                STATUS_DATA,
                "%s: the value %g is outside of %g to %g; a larger --limit, or --signed for values below "
                "0, is needed",
                name, in[i], is_signed ? -limit : 0.0, limit);
        double code = in[i] / limit * top;
        out[i] = (uint8_t)(int)(code < 0 ? code - 0.5 : code + 0.5);
    }
    return status_ok();
}

static size_t sample_values(const arrays *s)
{
    return (size_t)s->height * s->width * s->channels;
}

/* The next sample of the open part. */
static status read_sample(uint8_t *out, arrays *s)
{
    array_reader *r = &s->reader;
    const size_t values = sample_values(s);
    const bool turned = s->job->channels_first && r->file.rank == 4;
    uint8_t *first = turned ? r->raw : out;
    if (s->kind == ARRAY_FLOAT) {
        TRY(array_read_numbers(&r->file, r->numbers, values));
        TRY(quantise(first, r->numbers, values, s->job->limit, import_switch(s->job->request, "signed"), r->file.name));
    } else {
        TRY(array_read_raw(&r->file, first, values));
    }
    if (turned) turn(out, r->raw, s->channels, values / (size_t)s->channels);
    r->next++;
    return r->next < s->part_samples[r->part] ? status_ok() : array_end(&r->file);
}

static void close_part(array_reader *r)
{
    if (r->part >= 0) array_close(&r->file);
    r->part = -1;
}

/* Goes to sample i of the part. */
static status go_to(arrays *s, int part, int i)
{
    array_reader *r = &s->reader;
    const array_part *p = &s->job->parts[part];
    if (r->part != part || i < r->next) {
        close_part(r);
        TRY(s->job->open(&r->file, p->images, p->images_member, NULL));
        r->part = part;
        r->next = 0;
    }
    TRY(array_skip(&r->file, (uint64_t)(i - r->next) * sample_values(s)));
    r->next = i;
    return status_ok();
}

static status make_sample(uint8_t *out, bool *left_out, void *ctx, int i)
{
    arrays *s = ctx;
    int part = 0;
    *left_out = false;
    for (; i >= s->part_samples[part]; part++) i -= s->part_samples[part];
    TRY(go_to(s, part, i));
    return read_sample(out, s);
}

/* ---- the source ---- */

/* The array with its header. */
static status add_array(checksum *sum, const arrays *s, const char *path, const char *member, uint8_t *room)
{
    array_file a;
    TRY(s->job->open(&a, path, member, sum));
    status outcome = status_ok();
    while (a.left > 0 && !failed(outcome)) {
        const uint64_t most = SUM_BYTES / (uint64_t)a.element;
        outcome = array_read_raw(&a, room, a.left < most ? a.left : most);
    }
    array_close(&a);
    return outcome;
}

static status add_arrays(checksum *sum, const arrays *s, uint8_t *room)
{
    const array_job *job = s->job;
    for (int p = 0; p < job->part_count; p++)
        TRY(add_array(sum, s, job->parts[p].labels, job->parts[p].labels_member, room));
    for (int p = 0; p < job->part_count; p++)
        TRY(add_array(sum, s, job->parts[p].images, job->parts[p].images_member, room));
    return status_ok();
}

static status add_bytes(checksum *sum, void *ctx)
{
    uint8_t *room = malloc(SUM_BYTES);
    if (room == NULL) return status_fail(STATUS_MEMORY, "no memory to read arrays");
    status s = add_arrays(sum, ctx, room);
    free(room);
    return s;
}

static status stamp(checksum *sum, void *ctx)
{
    const array_job *job = ((const arrays *)ctx)->job;
    for (int p = 0; p < job->part_count; p++) {
        TRY(file_stamp(sum, job->parts[p].images));
        TRY(file_stamp(sum, job->parts[p].labels));
    }
    return status_ok();
}

/* ---- together ---- */

static bool has_part(const array_job *job, int mark)
{
    for (int p = 0; p < job->part_count; p++)
        if (job->parts[p].mark == mark) return true;
    return false;
}

static double sample_scale(const arrays *s, bool is_signed)
{
    if (s->kind == ARRAY_FLOAT) return s->job->limit / (is_signed ? 127 : 255);
    return is_signed ? 1.0 : 1.0 / 255.0;
}

/* Everything about the set but the samples. */
static status settle(arrays *s)
{
    const import_request *r = s->job->request;
    const bool is_signed = s->kind == ARRAY_SIGNED || (s->kind == ARRAY_FLOAT && import_switch(r, "signed"));
    char text[256];
    import_name(s->name, sizeof s->name, r, s->job->source);
    snprintf(text, sizeof text, "arrays (%s)", r->what->name);
    prepared_source(s->source, sizeof s->source, text, s->job->source);
    s->what = (prepared){.name = s->name,
                         .source = s->source,
                         .height = s->height,
                         .width = s->width,
                         .channels = s->channels,
                         .classes = s->classes,
                         .count = s->count,
                         .is_signed = is_signed,
                         .scale = (float)sample_scale(s, is_signed),
                         .labels = s->labels,
                         .split = s->split,
                         .class_names = (const char *const *)s->names.names,
                         .split_seed = has_part(s->job, DIVISION_OPEN) ? (uint64_t)import_integer(r, "seed") : 0};
    TRY(prepared_check(&s->what));
    s->what.validation_fraction = prepared_validation_fraction(s->split, s->count);
    return status_ok();
}

static status read_and_divide_labels(arrays *s)
{
    const array_job *job = s->job;
    const import_request *r = job->request;
    TRY(read_labels(s));
    TRY(check_labels(s));
    TRY(class_list_make(&s->names, import_text(r, "class-names"), s->classes));
    TRY(division_draw(s->split, s->labels, s->count, s->classes, (const char *const *)s->names.names,
                      (uint64_t)import_integer(r, "seed"),
                      has_part(job, SPLIT_VALIDATION) ? 0 : import_number(r, "validation"),
                      has_part(job, SPLIT_TEST) ? 0 : import_number(r, "test")));
    return settle(s);
}

/* What can be known before the work: shapes; on rank 0, which writes, labels and splits. */
static status look(arrays *s)
{
    TRY(read_shapes(s));
    if (import_who(s->job->request)->rank == 0) TRY(read_and_divide_labels(s));
    s->reader.raw = malloc(sample_values(s));
    s->reader.numbers = malloc(s->kind == ARRAY_FLOAT ? sample_values(s) * sizeof *s->reader.numbers : 1);
    if (s->reader.raw != NULL && s->reader.numbers != NULL) return status_ok();
    return status_fail(STATUS_MEMORY, "no memory for a sample");
}

static status make_and_write(const arrays *s, pieces *made)
{
    TRY(pieces_make(made, "samples"));
    return pieces_write(made, &s->what, NULL);
}

static status import(arrays *s)
{
    const import_request *r = s->job->request;
    const pieces_source source = {
        .name = s->job->source, .ctx = s, .stamp = stamp, .add_bytes = add_bytes, .make = make_sample};
    pieces *made = NULL;
    TRY(import_ranks_agree(import_who(r), look(s)));
    TRY(pieces_open(&made, r, &source, s->count, sample_values(s)));
    return pieces_close(made, make_and_write(s, made));
}

status import_arrays(const array_job *job)
{
    arrays s = {.job = job, .reader = {.part = -1}};
    status outcome = import(&s);
    close_part(&s.reader);
    free(s.reader.raw);
    free(s.reader.numbers);
    class_list_free(&s.names);
    free(s.labels);
    free(s.split);
    return outcome;
}
