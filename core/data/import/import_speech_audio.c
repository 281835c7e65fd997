#define _POSIX_C_SOURCE 200809L
#include "core/data/import/import_speech_audio.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/base/checksum.h"
#include "core/base/rng.h"
#include "core/data/dataset.h"
#include "core/data/import/audio_source.h"
#include "core/data/import/mfcc.h"
#include "core/data/import/name_list.h"
#include "core/data/import/wave_file.h"
#include "core/data/prepared.h"

const char *const speech_class_names[SPEECH_CLASSES] = {"down",  "go",   "left", "no",  "off",     "on",
                                                        "right", "stop", "up",   "yes", "silence", "unknown"};

enum { SECOND = MFCC_SAMPLES, HALF = SECOND / 2, NAME = 96, MOST_CLIPS = 1 << 24, MOST_NOISE = 600 * SECOND };
enum { NOISES = 5, MOST_SHIFT = SECOND / 10 };
static const double SIGMAS = 4; /* a code of 127 is so many standard deviations */

/* Background sounds that are silence in training; the one for validation. */
static const char *const training_noises[NOISES] = {"dude_miaowing.wav", "white_noise.wav", "exercise_bike.wav",
                                                    "doing_the_dishes.wav", "pink_noise.wav"};
static const char validation_noise[] = "running_tap.wav";

typedef struct {
    char name[NAME]; /* "yes/0a7c2a8d_nohash_0.wav" */
    int32_t label;
    uint8_t mark;
    int copy; /* 0: as recorded */
    float values[MFCC_VALUES];
} clip;

typedef struct {
    int16_t *samples; /* owned */
    size_t count;
} sound;

typedef struct {
    const import_request *request;
    mfcc *front_end;
    clip **clips; /* owned, each */
    int count, room, bad;
    name_list lists[SPLIT_COUNT]; /* the official ones, by split */
    sound noises[NOISES];         /* for copies, in the order of training_noises; owned */
    checksum sum;
    bool is_test_archive;
} speech;

/* ---- clips ---- */

static status add_clip(speech *s, const char *name, int32_t label, uint8_t mark, int copy, const int16_t *samples,
                       size_t count)
{
    if (s->count == MOST_CLIPS) return status_fail(STATUS_DATA, "more than %d sounds", MOST_CLIPS);
    if (s->count == s->room) {
        int room = 2 * s->room + 1024;
        clip **more = realloc(s->clips, (size_t)room * sizeof *more);
        if (more == NULL) return status_fail(STATUS_MEMORY, "no memory for %d sounds", room);
        s->clips = more;
        s->room = room;
    }
    clip *c = malloc(sizeof *c);
    if (c == NULL) return status_fail(STATUS_MEMORY, "no memory for %d sounds", s->count + 1);
    *c = (clip){.label = label, .mark = mark, .copy = copy};
    snprintf(c->name, sizeof c->name, "%s", name);
    mfcc_compute(c->values, s->front_end, samples, count);
    s->clips[s->count++] = c;
    return status_ok();
}

static int32_t label_of(const char *word)
{
    for (int k = 0; k < SPEECH_SILENCE; k++)
        if (strcmp(word, speech_class_names[k]) == 0) return k;
    return strcmp(word, "_silence_") == 0 ? SPEECH_SILENCE : SPEECH_UNKNOWN;
}

static bool ends_with(const char *text, const char *end)
{
    size_t length = strlen(text), tail = strlen(end);
    return length >= tail && strcmp(text + length - tail, end) == 0;
}

/* A number of the name, so that a clip's draws do not depend on which others there are (FNV-1a). */
static uint32_t name_number(const char *name)
{
    uint32_t hash = 2166136261u;
    for (; *name != '\0'; name++) hash = (hash ^ (uint8_t)*name) * 16777619u;
    return hash;
}

/* A copy of a training clip: moved by up to 0.1 s, and with probability 0.8 a part of a background sound under it,
 * times up to 0.1. Draws: words of rng_draw(seed, RNG_SOUND, copy, number of the name, 0 and 1). */
static void disturb(int16_t *out, const speech *s, const int16_t *samples, size_t count, const char *name, int copy)
{
    uint64_t seed = (uint64_t)import_integer(s->request, "seed");
    rng_block first = rng_draw(seed, RNG_SOUND, (uint32_t)copy, name_number(name), 0);
    rng_block second = rng_draw(seed, RNG_SOUND, (uint32_t)copy, name_number(name), 1);
    int shift = (int)rng_below(first.word[0], 2 * MOST_SHIFT + 1) - MOST_SHIFT;
    const sound *noise = &s->noises[rng_below(first.word[1], NOISES)];
    size_t start = noise->count > SECOND ? rng_below(first.word[2], (uint32_t)(noise->count - SECOND)) : 0;
    double volume = (double)rng_uniform(second.word[0]) < 0.8 ? 0.1 * (double)rng_uniform(second.word[1]) : 0;
    for (int i = 0; i < SECOND; i++) {
        int from = i - shift;
        double value = from >= 0 && (size_t)from < count ? samples[from] : 0;
        if (start + (size_t)i < noise->count) value += volume * noise->samples[start + (size_t)i];
        out[i] = (int16_t)floor(fmin(fmax(value, -32768), 32767) + 0.5);
    }
}

/* ---- what the files are ---- */

static status refuse_or_skip(speech *s, status why)
{
    if (why.code != STATUS_DATA || !import_switch(s->request, "skip-bad")) return why;
    fprintf(stderr, "left out: %s\n", why.message);
    s->bad++;
    return status_ok();
}

/* Windows of one second, every half second. */
static status add_silence(speech *s, const char *file, uint8_t mark, const int16_t *samples, size_t count)
{
    for (size_t start = 0; start + SECOND < count; start += HALF) {
        char name[NAME];
        snprintf(name, sizeof name, "_background_noise_/%.40s@%06zu", file, start);
        TRY(add_clip(s, name, SPEECH_SILENCE, mark, 0, samples + start, SECOND));
    }
    return status_ok();
}

/* Of running_tap, every second window is for the test when there is no test archive. */
static status add_validation_silence(speech *s, const char *file, const int16_t *samples, size_t count)
{
    int first = s->count;
    TRY(add_silence(s, file, SPLIT_VALIDATION, samples, count));
    for (int i = first + 1; !import_given(s->request, "test-source") && i < s->count; i += 2)
        s->clips[i]->mark = SPLIT_TEST;
    return status_ok();
}

static status take_noise(speech *s, const char *file, const int16_t *samples, size_t count)
{
    if (strcmp(file, validation_noise) == 0) return add_validation_silence(s, file, samples, count);
    for (int i = 0; i < NOISES; i++)
        if (strcmp(file, training_noises[i]) == 0) return add_silence(s, file, SPLIT_TRAIN, samples, count);
    return status_fail(STATUS_DATA, "%.60s is none of the six background sounds of Speech Commands", file);
}

static status take_word(speech *s, const char *word, const char *file, const int16_t *samples, size_t count)
{
    char name[NAME];
    if (!s->is_test_archive && strstr(file, "_nohash_") == NULL) return status_ok(); /* as published */
    if (snprintf(name, sizeof name, "%s/%s", word, file) >= NAME)
        return status_fail(STATUS_DATA, "the name %.60s... is too long", file);
    return add_clip(s, name, label_of(word), s->is_test_archive ? SPLIT_TEST : SPLIT_TRAIN, 0, samples, count);
}

static status take_file(void *to, const char *folder, const char *file, const uint8_t *bytes, size_t size)
{
    speech *s = to;
    bool background = strcmp(folder, "_background_noise_") == 0;
    if (!s->is_test_archive && strcmp(file, "validation_list.txt") == 0)
        return name_list_make(&s->lists[SPLIT_VALIDATION], bytes, size);
    if (!s->is_test_archive && strcmp(file, "testing_list.txt") == 0)
        return name_list_make(&s->lists[SPLIT_TEST], bytes, size);
    if (!ends_with(file, ".wav") || folder[0] == '\0') return status_ok(); /* licence, notes */
    char name[400];
    int16_t *samples;
    size_t count;
    snprintf(name, sizeof name, "%.100s/%.100s", folder, file);
    status read = wave_read(&samples, &count, bytes, size, name, background ? MOST_NOISE : SECOND);
    if (failed(read)) return refuse_or_skip(s, read);
    checksum_add(&s->sum, bytes, size);
    status taken = background ? take_noise(s, file, samples, count) : take_word(s, folder, file, samples, count);
    free(samples);
    if (!failed(taken)) import_progress(s->request, "sounds", s->count, 0);
    return taken;
}

/* ---- copies ---- */

/* Each sound has its own place, whatever the order of files is. */
static status take_background(void *to, const char *folder, const char *file, const uint8_t *bytes, size_t size)
{
    speech *s = to;
    if (strcmp(folder, "_background_noise_") != 0) return status_ok();
    for (int i = 0; i < NOISES; i++)
        if (strcmp(file, training_noises[i]) == 0 && s->noises[i].samples == NULL)
            return wave_read(&s->noises[i].samples, &s->noises[i].count, bytes, size, file, MOST_NOISE);
    return status_ok();
}

static status take_copy(void *to, const char *folder, const char *file, const uint8_t *bytes, size_t size)
{
    speech *s = to;
    char name[NAME];
    if (!ends_with(file, ".wav") || folder[0] == '\0' || folder[0] == '_') return status_ok();
    snprintf(name, sizeof name, "%.40s/%.50s", folder, file);
    if (name_list_has(&s->lists[SPLIT_VALIDATION], name) || name_list_has(&s->lists[SPLIT_TEST], name))
        return status_ok();
    int16_t *samples, changed[SECOND];
    size_t count;
    if (failed(wave_read(&samples, &count, bytes, size, name, SECOND))) return status_ok(); /* told before */
    status done = status_ok();
    for (int copy = 1; copy <= import_integer(s->request, "copies") && !failed(done); copy++) {
        disturb(changed, s, samples, count, name, copy);
        done = add_clip(s, name, label_of(folder), SPLIT_TRAIN, copy, changed, SECOND);
    }
    free(samples);
    return done;
}

static status add_copies(speech *s)
{
    const char *source = import_text(s->request, "source");
    if (import_integer(s->request, "copies") == 0) return status_ok();
    TRY(audio_source_each(source, take_background, s));
    for (int i = 0; i < NOISES; i++)
        if (s->noises[i].samples == NULL)
            return status_fail(STATUS_DATA, "%.300s has no _background_noise_/%s, which --copies needs", source,
                               training_noises[i]);
    return audio_source_each(source, take_copy, s);
}

/* ---- the official lists ---- */

static int compare_names(const void *a, const void *b)
{
    const clip *x = *(clip *const *)a, *y = *(clip *const *)b;
    int order = strcmp(x->name, y->name);
    if (order == 0) order = (x->copy > y->copy) - (x->copy < y->copy);
    return order != 0 ? order : (x->mark > y->mark) - (x->mark < y->mark);
}

static bool is_official_test(const speech *s)
{
    return import_given(s->request, "test-source");
}

/* Clips of the lists leave the training split; those for testing leave the set when the test archive brings its own. */
static status apply_lists(speech *s)
{
    static const char *const names[SPLIT_COUNT] = {"", "validation_list.txt", "testing_list.txt"};
    const char *source = import_text(s->request, "source");
    for (int mark = SPLIT_VALIDATION; mark <= SPLIT_TEST; mark++)
        if (s->lists[mark].names == NULL)
            return status_fail(STATUS_DATA,
                               "%.300s has no %s: it is not Speech Commands v0.02, or it was not unpacked completely",
                               source, names[mark]);
    int kept = 0, moved[SPLIT_COUNT] = {0};
    for (int i = 0; i < s->count; i++) {
        clip *c = s->clips[i];
        bool movable = c->mark == SPLIT_TRAIN && c->label != SPEECH_SILENCE;
        if (movable && name_list_has(&s->lists[SPLIT_VALIDATION], c->name))
            c->mark = SPLIT_VALIDATION, moved[SPLIT_VALIDATION]++;
        else if (movable && name_list_has(&s->lists[SPLIT_TEST], c->name)) {
            moved[SPLIT_TEST]++;
            c->mark = SPLIT_TEST;
            if (is_official_test(s)) {
                free(c);
                continue;
            }
        }
        s->clips[kept++] = c;
    }
    s->count = kept;
    for (int mark = SPLIT_VALIDATION; mark <= SPLIT_TEST; mark++)
        if (moved[mark] == 0) return status_fail(STATUS_DATA, "%.300s: no file of %s is there", source, names[mark]);
    return status_ok();
}

/* ---- codes ---- */

typedef struct {
    double mean[MFCC_COEFFICIENTS], step[MFCC_COEFFICIENTS];
} coding;

/* Over all frames of the training split; one step is 4/127 of a standard deviation. */
static void measure(coding *c, const speech *s)
{
    double sum[MFCC_COEFFICIENTS] = {0}, squares[MFCC_COEFFICIENTS] = {0}, count = 0;
    for (int pass = 0; pass < 2; pass++) {
        for (int i = 0; i < s->count; i++) {
            if (s->clips[i]->mark != SPLIT_TRAIN) continue;
            for (int k = 0; k < MFCC_VALUES; k++) {
                double v = (double)s->clips[i]->values[k];
                int q = k % MFCC_COEFFICIENTS;
                if (pass == 0)
                    sum[q] += v;
                else
                    squares[q] += (v - c->mean[q]) * (v - c->mean[q]);
            }
            if (pass == 0) count += MFCC_FRAMES;
        }
        for (int q = 0; q < MFCC_COEFFICIENTS && pass == 0; q++) c->mean[q] = sum[q] / count;
    }
    for (int q = 0; q < MFCC_COEFFICIENTS; q++) {
        double deviation = sqrt(squares[q] / count);
        c->step[q] = SIGMAS / 127 * (deviation > 1e-6 ? deviation : 1e-6);
    }
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

/* ---- together ---- */

typedef struct {
    int8_t *samples;
    int32_t *labels;
    uint8_t *marks;
} arrays;

static void fill(arrays *a, const speech *s, const coding *c)
{
    for (int i = 0; i < s->count; i++) {
        a->labels[i] = s->clips[i]->label;
        a->marks[i] = s->clips[i]->mark;
        for (int k = 0; k < MFCC_VALUES; k++)
            a->samples[(size_t)i * MFCC_VALUES + k] = encode((double)s->clips[i]->values[k], k % MFCC_COEFFICIENTS, c);
    }
}

static status write_arrays(const speech *s, arrays *a, const char *sum)
{
    coding c = {{0}, {0}};
    char features[700], source[200], name[4 * DATASET_NAME];
    measure(&c, s);
    fill(a, s, &c);
    describe(features, sizeof features, &c);
    prepared_source(source, sizeof source, "Speech Commands v0.02", import_text(s->request, "source"));
    snprintf(name, sizeof name, "%s",
             import_given(s->request, "name") ? import_text(s->request, "name") : "speech-commands-12");
    prepared p = {.name = name,
                  .source = source,
                  .source_checksum = sum,
                  .features = features,
                  .height = MFCC_FRAMES,
                  .width = MFCC_COEFFICIENTS,
                  .channels = 1,
                  .classes = SPEECH_CLASSES,
                  .count = s->count,
                  .is_signed = 1,
                  .scale = (float)(SIGMAS / 127),
                  .samples = a->samples,
                  .labels = a->labels,
                  .split = a->marks,
                  .class_names = speech_class_names,
                  .split_seed = 0};
    TRY(prepared_check(&p));
    p.validation_fraction = prepared_validation_fraction(a->marks, s->count);
    return prepared_write(s->request->output, &p);
}

static status write_clips(speech *s)
{
    char sum[CHECKSUM_TEXT];
    TRY(checksum_end(&s->sum, sum));
    arrays a = {malloc((size_t)s->count * MFCC_VALUES + 1), malloc(((size_t)s->count + 1) * sizeof *a.labels),
                malloc((size_t)s->count + 1)};
    status outcome = a.samples != NULL && a.labels != NULL && a.marks != NULL
                         ? write_arrays(s, &a, sum)
                         : status_fail(STATUS_MEMORY, "no memory for %d sounds", s->count);
    free(a.samples);
    free(a.labels);
    free(a.marks);
    return outcome;
}

static status import(speech *s)
{
    TRY(mfcc_make(&s->front_end));
    TRY(audio_source_each(import_text(s->request, "source"), take_file, s));
    TRY(add_copies(s));
    TRY(apply_lists(s));
    if (is_official_test(s)) {
        s->is_test_archive = true;
        TRY(audio_source_each(import_text(s->request, "test-source"), take_file, s));
    }
    if (s->count > 0) qsort(s->clips, (size_t)s->count, sizeof *s->clips, compare_names);
    import_progress(s->request, "sounds", s->count, s->count);
    if (s->bad > 0) fprintf(stderr, "%d files were left out\n", s->bad);
    return write_clips(s);
}

status import_speech_audio(const import_request *request)
{
    char unused[CHECKSUM_TEXT];
    speech s = {.request = request, .sum = checksum_begin()};
    status outcome = import(&s);
    if (s.sum.context != NULL) (void)failed(checksum_end(&s.sum, unused));
    for (int i = 0; i < s.count; i++) free(s.clips[i]);
    for (int i = 0; i < NOISES; i++) free(s.noises[i].samples);
    for (int i = 0; i < SPLIT_COUNT; i++) name_list_free(&s.lists[i]);
    free(s.clips);
    mfcc_free(s.front_end);
    return status_in(outcome, "preparing Speech Commands");
}
