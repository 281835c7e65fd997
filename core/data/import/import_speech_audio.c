#include "core/data/import/import_speech_audio.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/base/rng.h"
#include "core/data/dataset.h"
#include "core/data/import/audio_source.h"
#include "core/data/import/mfcc.h"
#include "core/data/import/pieces.h"
#include "core/data/import/speech_clips.h"
#include "core/data/import/wave_file.h"
#include "core/data/prepared.h"

enum { SECOND = MFCC_SAMPLES, MOST_SHIFT = SECOND / 10, WRITTEN_AT_ONCE = 1024 };
static const double SIGMAS = 4; /* a code of 127 is so many standard deviations */

typedef struct {
    const import_request *request;
    mfcc *front_end;
    speech_clips list;

    /* Where a rank is in the sources. */
    audio_source *from; /* owned; NULL: none is open */
    int source, file;   /* the next file of it */
    speech_sound sound; /* of the file before that; owned */
    int sound_file;     /* -1: none */

    const speech_clip **order; /* (count) clips as they are written; owned */
    int32_t *labels;           /* (count), in that order, like marks; owned */
    uint8_t *marks;
    char name[4 * DATASET_NAME], source_text[200], features[700];
    prepared what; /* without samples; its texts are above */
} speech;

/* ---- one clip ---- */

/* A number of the name, so that a clip's draws do not depend on which others there are (FNV-1a). */
static uint32_t name_number(const char *name)
{
    uint32_t hash = 2166136261u;
    for (; *name != '\0'; name++) hash = (hash ^ (uint8_t)*name) * 16777619u;
    return hash;
}

/* A copy of a training clip: moved by up to 0.1 s, and with probability 0.8 a part of a background sound under it,
 * times up to 0.1. Draws: words of rng_draw(seed, RNG_SOUND, copy, number of the name, 0 and 1). */
static void disturb(int16_t *out, const speech *s, const speech_clip *clip)
{
    const int16_t *samples = s->sound.samples;
    const size_t count = s->sound.count;
    uint64_t seed = (uint64_t)import_integer(s->request, "seed");
    const uint32_t copy = (uint32_t)clip->copy, number = name_number(clip->name);
    rng_block first = rng_draw(seed, RNG_SOUND, copy, number, 0);
    rng_block second = rng_draw(seed, RNG_SOUND, copy, number, 1);
    int shift = (int)rng_below(first.word[0], 2 * MOST_SHIFT + 1) - MOST_SHIFT;
    const speech_sound *noise = &s->list.noises[rng_below(first.word[1], SPEECH_NOISES)];
    size_t start = noise->count > SECOND ? rng_below(first.word[2], (uint32_t)(noise->count - SECOND)) : 0;
    double volume = (double)rng_uniform(second.word[0]) < 0.8 ? 0.1 * (double)rng_uniform(second.word[1]) : 0;
    for (int i = 0; i < SECOND; i++) {
        int from = i - shift;
        double value = from >= 0 && (size_t)from < count ? samples[from] : 0;
        if (start + (size_t)i < noise->count) value += volume * noise->samples[start + (size_t)i];
        out[i] = (int16_t)floor(fmin(fmax(value, -32768), 32767) + 0.5);
    }
}

static void close_source(speech *s)
{
    audio_close(s->from);
    free(s->sound.samples);
    s->from = NULL;
    s->sound = (speech_sound){NULL, 0};
    s->file = 0;
    s->sound_file = -1;
}

static status read_sound(speech *s, const char *folder, const char *file)
{
    const bool background = strcmp(folder, "_background_noise_") == 0;
    char name[400];
    uint8_t *bytes;
    size_t size;
    snprintf(name, sizeof name, "%.100s/%.100s", folder, file);
    free(s->sound.samples);
    s->sound = (speech_sound){NULL, 0};
    TRY(audio_bytes(&bytes, &size, s->from));
    status read =
        wave_read(&s->sound.samples, &s->sound.count, bytes, size, name, background ? SPEECH_NOISE : SPEECH_SOUND);
    free(bytes);
    return read;
}

/* Reads the clip's file. Clips come in the order of files. */
static status go_to(speech *s, const speech_clip *c)
{
    const char *folder = NULL, *file = NULL;
    if (s->from != NULL && s->source == c->source && s->sound_file == c->file) return status_ok();
    if (s->from == NULL || s->source != c->source || c->file < s->file) {
        close_source(s);
        s->source = c->source;
        TRY(audio_open(&s->from, speech_source(s->request, c->source)));
    }
    s->sound_file = -1;
    while (s->file <= c->file) {
        TRY(audio_next(&folder, &file, s->from));
        if (file == NULL)
            return status_fail(STATUS_DATA, "%.300s has changed while it was read: prepare it again",
                               speech_source(s->request, c->source));
        s->file++;
    }
    TRY(read_sound(s, folder, file));
    s->sound_file = c->file;
    return status_ok();
}

static status make_sample(uint8_t *out, bool *left_out, void *ctx, int i)
{
    speech *s = ctx;
    const speech_clip *c = &s->list.clips[i];
    int16_t changed[SECOND];
    float values[MFCC_VALUES];
    *left_out = false;
    TRY(go_to(s, c));
    if (c->copy > 0) disturb(changed, s, c);
    const int16_t *from = c->copy > 0 ? changed : s->sound.samples + c->start;
    const size_t count = c->copy > 0 ? SECOND : s->sound.count - c->start;
    mfcc_compute(values, s->front_end, from, count < SECOND ? count : SECOND);
    memcpy(out, values, sizeof values);
    return status_ok();
}

static status stamp(checksum *sum, void *ctx)
{
    const import_request *r = ((const speech *)ctx)->request;
    TRY(audio_stamp(sum, speech_source(r, 0)));
    return import_given(r, "test-source") ? audio_stamp(sum, speech_source(r, 1)) : status_ok();
}

/* ---- codes ---- */

typedef struct {
    double mean[MFCC_COEFFICIENTS], step[MFCC_COEFFICIENTS];
} coding;

/* Adds the frames of the training split, in the order of samples: values in the first pass, squares in the second. */
static status add_frames(double sum[MFCC_COEFFICIENTS], const double *mean, const speech *s, pieces *made)
{
    float values[MFCC_VALUES];
    for (int i = 0; i < s->list.count; i++) {
        if (s->order[i]->mark != SPLIT_TRAIN) continue;
        TRY(pieces_read(made, values, (int)(s->order[i] - s->list.clips)));
        for (int k = 0; k < MFCC_VALUES; k++) {
            const int q = k % MFCC_COEFFICIENTS;
            const double v = (double)values[k];
            sum[q] += mean == NULL ? v : (v - mean[q]) * (v - mean[q]);
        }
    }
    return status_ok();
}

/* Over all frames of the training split; one step is 4/127 of a standard deviation. */
static status measure(coding *c, const speech *s, pieces *made)
{
    double sum[MFCC_COEFFICIENTS] = {0}, squares[MFCC_COEFFICIENTS] = {0}, count = 0;
    for (int i = 0; i < s->list.count; i++)
        if (s->order[i]->mark == SPLIT_TRAIN) count += MFCC_FRAMES;
    TRY(add_frames(sum, NULL, s, made));
    for (int q = 0; q < MFCC_COEFFICIENTS; q++) c->mean[q] = sum[q] / count;
    TRY(add_frames(squares, c->mean, s, made));
    for (int q = 0; q < MFCC_COEFFICIENTS; q++) {
        double deviation = sqrt(squares[q] / count);
        c->step[q] = SIGMAS / 127 * (deviation > 1e-6 ? deviation : 1e-6);
    }
    return status_ok();
}

static int8_t encode(double value, int q, const coding *c)
{
    return (int8_t)fmin(fmax(floor((value - c->mean[q]) / c->step[q] + 0.5), -128), 127);
}

static void describe(char *out, size_t room, const coding *c)
{
    size_t used =
        (size_t)snprintf(out, room, "49 frames of 10 MFCCs; coefficient q is mean[q] + sample * step[q]; mean =");
    for (int part = 0; part < 2; part++) {
        for (int q = 0; q < MFCC_COEFFICIENTS && used < room; q++)
            used += (size_t)snprintf(out + used, room - used, " %.9g", part == 0 ? c->mean[q] : c->step[q]);
        if (part == 0 && used < room) used += (size_t)snprintf(out + used, room - used, "; step =");
    }
}

static status write_codes(prepared_file *out, pieces *made, void *ctx)
{
    speech *s = ctx;
    coding c = {{0}, {0}};
    static int8_t codes[WRITTEN_AT_ONCE][MFCC_VALUES];
    float values[MFCC_VALUES];
    TRY(measure(&c, s, made));
    describe(s->features, sizeof s->features, &c);
    for (int i = 0, held = 0; i < s->list.count; i++) {
        TRY(pieces_read(made, values, (int)(s->order[i] - s->list.clips)));
        for (int k = 0; k < MFCC_VALUES; k++) codes[held][k] = encode((double)values[k], k % MFCC_COEFFICIENTS, &c);
        held++;
        if (held < WRITTEN_AT_ONCE && i + 1 < s->list.count) continue;
        TRY(prepared_add(out, codes, held));
        held = 0;
        import_progress(s->request, "writing", i + 1, s->list.count);
    }
    return status_ok();
}

/* ---- together ---- */

static int compare_names(const void *a, const void *b)
{
    const speech_clip *x = *(const speech_clip *const *)a, *y = *(const speech_clip *const *)b;
    int order = strcmp(x->name, y->name);
    if (order == 0) order = (x->copy > y->copy) - (x->copy < y->copy);
    return order != 0 ? order : (x->mark > y->mark) - (x->mark < y->mark);
}

static status sort_clips(speech *s)
{
    const size_t count = (size_t)s->list.count;
    s->order = malloc((count + 1) * sizeof *s->order);
    s->labels = malloc((count + 1) * sizeof *s->labels);
    s->marks = malloc(count + 1);
    if (s->order == NULL || s->labels == NULL || s->marks == NULL)
        return status_fail(STATUS_MEMORY, "no memory for %zu sounds", count);
    for (size_t i = 0; i < count; i++) s->order[i] = &s->list.clips[i];
    if (count > 0) qsort(s->order, count, sizeof *s->order, compare_names);
    for (size_t i = 0; i < count; i++) {
        s->labels[i] = s->order[i]->label;
        s->marks[i] = s->order[i]->mark;
    }
    return status_ok();
}

/* Everything about the set but the samples. */
static status settle(speech *s)
{
    const import_request *r = s->request;
    TRY(sort_clips(s));
    prepared_source(s->source_text, sizeof s->source_text, "Speech Commands v0.02", import_text(r, "source"));
    snprintf(s->name, sizeof s->name, "%s", import_given(r, "name") ? import_text(r, "name") : "speech-commands-12");
    s->what = (prepared){.name = s->name,
                         .source = s->source_text,
                         .source_checksum = s->list.checksum,
                         .features = s->features,
                         .height = MFCC_FRAMES,
                         .width = MFCC_COEFFICIENTS,
                         .channels = 1,
                         .classes = SPEECH_CLASSES,
                         .count = s->list.count,
                         .is_signed = 1,
                         .scale = (float)(SIGMAS / 127),
                         .labels = s->labels,
                         .split = s->marks,
                         .class_names = speech_class_names,
                         .split_seed = 0};
    TRY(prepared_check(&s->what));
    s->what.validation_fraction = prepared_validation_fraction(s->marks, s->list.count);
    return status_ok();
}

static status look(speech *s)
{
    TRY(mfcc_make(&s->front_end));
    TRY(speech_clips_list(&s->list, s->request));
    return settle(s);
}

static status make_and_write(const speech *s, pieces *made)
{
    TRY(pieces_make(made, "sounds"));
    return pieces_write(made, &s->what, write_codes);
}

/* A made sample is the coefficients, as floats. */
static status import(speech *s)
{
    const pieces_source source = {
        .name = import_text(s->request, "source"), .ctx = s, .stamp = stamp, .make = make_sample};
    pieces *made = NULL;
    TRY(import_ranks_agree(import_who(s->request), look(s)));
    TRY(pieces_open(&made, s->request, &source, s->list.count, MFCC_VALUES * sizeof(float)));
    return pieces_close(made, make_and_write(s, made));
}

status import_speech_audio(const import_request *request)
{
    speech s = {.request = request, .sound_file = -1};
    status outcome = import(&s);
    close_source(&s);
    speech_clips_free(&s.list);
    free((void *)s.order);
    free(s.labels);
    free(s.marks);
    mfcc_free(s.front_end);
    return status_in(outcome, "preparing Speech Commands");
}
