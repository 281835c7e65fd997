#define _POSIX_C_SOURCE 200809L
#include "core/data/import/speech_clips.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/data/dataset.h"
#include "core/data/import/audio_source.h"
#include "core/data/import/name_list.h"
#include "core/data/import/wave_file.h"

enum { NAME = 96, MOST_CLIPS = 1 << 24, HALF = SPEECH_SOUND / 2 };

const char *const speech_class_names[SPEECH_CLASSES] = {"down",  "go",   "left", "no",  "off",     "on",
                                                        "right", "stop", "up",   "yes", "silence", "unknown"};

/* Background sounds that are silence in training; the one for validation. */
static const char *const training_noises[SPEECH_NOISES] = {"dude_miaowing.wav", "white_noise.wav", "exercise_bike.wav",
                                                           "doing_the_dishes.wav", "pink_noise.wav"};
static const char validation_noise[] = "running_tap.wav";

typedef struct {
    const import_request *request;
    speech_clips *clips;
    name_list lists[SPLIT_COUNT]; /* the official ones, by split */
    checksum sum;                 /* rank 0 */
    int source, file;             /* where the pass is */
} listing;

const char *speech_source(const import_request *r, int source)
{
    return import_text(r, source == 0 ? "source" : "test-source");
}

/* ---- clips ---- */

static status add_clip(speech_clips *s, const char *name, const speech_clip *like)
{
    if (s->count == MOST_CLIPS) return status_fail(STATUS_DATA, "more than %d sounds", MOST_CLIPS);
    if (s->count == s->room) {
        int room = s->room + s->room / 4 + 1024;
        speech_clip *more = realloc(s->clips, (size_t)room * sizeof *more);
        if (more == NULL) return status_fail(STATUS_MEMORY, "no memory for %d sounds", room);
        s->clips = more;
        s->room = room;
    }
    s->clips[s->count] = *like;
    s->clips[s->count].name = strdup(name);
    if (s->clips[s->count].name == NULL) return status_fail(STATUS_MEMORY, "no memory for %d sounds", s->count + 1);
    s->count++;
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

static bool is_official_test(const import_request *r)
{
    return import_given(r, "test-source");
}

/* ---- what the files are ---- */

static status refuse_or_skip(listing *l, status why)
{
    if (why.code != STATUS_DATA || !import_switch(l->request, "skip-bad")) return why;
    if (import_who(l->request)->rank == 0) fprintf(stderr, "left out: %s\n", why.message);
    l->clips->bad++;
    return status_ok();
}

/* Windows of one second, every half second. */
static status add_silence(listing *l, const char *file, uint8_t mark, size_t count)
{
    for (size_t start = 0; start + SPEECH_SOUND < count; start += HALF) {
        char name[NAME];
        snprintf(name, sizeof name, "_background_noise_/%.40s@%06zu", file, start);
        TRY(add_clip(l->clips, name,
                     &(speech_clip){.label = SPEECH_SILENCE,
                                    .mark = mark,
                                    .source = (uint8_t)l->source,
                                    .file = l->file,
                                    .start = (uint32_t)start}));
    }
    return status_ok();
}

/* Of running_tap, every second window is for the test when there is no test archive. */
static status add_validation_silence(listing *l, const char *file, size_t count)
{
    int first = l->clips->count;
    TRY(add_silence(l, file, SPLIT_VALIDATION, count));
    for (int i = first + 1; !is_official_test(l->request) && i < l->clips->count; i += 2)
        l->clips->clips[i].mark = SPLIT_TEST;
    return status_ok();
}

/* *samples goes to the clips when copies need it. */
static status take_noise(listing *l, const char *file, int16_t **samples, size_t count)
{
    if (strcmp(file, validation_noise) == 0) return add_validation_silence(l, file, count);
    for (int i = 0; i < SPEECH_NOISES; i++) {
        if (strcmp(file, training_noises[i]) != 0) continue;
        speech_sound *kept = &l->clips->noises[i];
        if (import_integer(l->request, "copies") > 0 && l->source == 0 && kept->samples == NULL) {
            *kept = (speech_sound){*samples, count};
            *samples = NULL;
        }
        return add_silence(l, file, SPLIT_TRAIN, count);
    }
    return status_fail(STATUS_DATA, "%.60s is none of the six background sounds of Speech Commands", file);
}

static status take_word(listing *l, const char *word, const char *file)
{
    char name[NAME];
    if (l->source == 0 && strstr(file, "_nohash_") == NULL) return status_ok(); /* as published */
    if (snprintf(name, sizeof name, "%s/%s", word, file) >= NAME)
        return status_fail(STATUS_DATA, "the name %.60s... is too long", file);
    return add_clip(l->clips, name,
                    &(speech_clip){.label = label_of(word),
                                   .mark = l->source == 1 ? SPLIT_TEST : SPLIT_TRAIN,
                                   .source = (uint8_t)l->source,
                                   .file = l->file});
}

static status take_sound(listing *l, const char *folder, const char *file, const uint8_t *bytes, size_t size)
{
    const bool background = strcmp(folder, "_background_noise_") == 0;
    char name[400];
    int16_t *samples;
    size_t count;
    snprintf(name, sizeof name, "%.100s/%.100s", folder, file);
    status read = wave_read(&samples, &count, bytes, size, name, background ? SPEECH_NOISE : SPEECH_SOUND);
    if (failed(read)) return refuse_or_skip(l, read);
    if (import_who(l->request)->rank == 0) checksum_add(&l->sum, bytes, size);
    status taken = background ? take_noise(l, file, &samples, count) : take_word(l, folder, file);
    free(samples);
    if (!failed(taken)) import_progress(l->request, "listing sounds", l->clips->count, 0);
    return taken;
}

static status take_file(listing *l, const char *folder, const char *file, audio_source *from)
{
    name_list *list = NULL;
    if (l->source == 0 && strcmp(file, "validation_list.txt") == 0) list = &l->lists[SPLIT_VALIDATION];
    if (l->source == 0 && strcmp(file, "testing_list.txt") == 0) list = &l->lists[SPLIT_TEST];
    if (list == NULL && (!ends_with(file, ".wav") || folder[0] == '\0')) return status_ok(); /* licence, notes */
    uint8_t *bytes;
    size_t size;
    TRY(audio_bytes(&bytes, &size, from));
    status s = list != NULL ? name_list_make(list, bytes, size) : take_sound(l, folder, file, bytes, size);
    free(bytes);
    return s;
}

static status take_files(listing *l, audio_source *from)
{
    for (l->file = 0;; l->file++) {
        const char *folder, *file;
        TRY(audio_next(&folder, &file, from));
        if (file == NULL) return status_ok();
        TRY(take_file(l, folder, file, from));
    }
}

static status take_source(listing *l, int source)
{
    audio_source *from;
    l->source = source;
    TRY(audio_open(&from, speech_source(l->request, source)));
    status s = take_files(l, from);
    audio_close(from);
    return s;
}

/* ---- the official lists ---- */

/* Clips of the lists leave the training split; those for testing leave the set when the test archive brings its own. */
static status apply_lists(listing *l)
{
    static const char *const names[SPLIT_COUNT] = {"", "validation_list.txt", "testing_list.txt"};
    const char *source = import_text(l->request, "source");
    speech_clips *s = l->clips;
    for (int mark = SPLIT_VALIDATION; mark <= SPLIT_TEST; mark++)
        if (l->lists[mark].names == NULL)
            return status_fail(STATUS_DATA,
                               "%.300s has no %s: it is not Speech Commands v0.02, or it was not unpacked completely",
                               source, names[mark]);
    int kept = 0, moved[SPLIT_COUNT] = {0};
    for (int i = 0; i < s->count; i++) {
        speech_clip c = s->clips[i];
        const bool movable = c.mark == SPLIT_TRAIN && c.label != SPEECH_SILENCE;
        if (movable && name_list_has(&l->lists[SPLIT_VALIDATION], c.name))
            c.mark = SPLIT_VALIDATION, moved[SPLIT_VALIDATION]++;
        else if (movable && name_list_has(&l->lists[SPLIT_TEST], c.name))
            c.mark = SPLIT_TEST, moved[SPLIT_TEST]++;
        if (movable && c.mark == SPLIT_TEST && is_official_test(l->request))
            free(c.name);
        else
            s->clips[kept++] = c;
    }
    s->count = kept;
    for (int mark = SPLIT_VALIDATION; mark <= SPLIT_TEST; mark++)
        if (moved[mark] == 0) return status_fail(STATUS_DATA, "%.300s: no file of %s is there", source, names[mark]);
    return status_ok();
}

/* ---- copies ---- */

static int compare_places(const void *a, const void *b)
{
    const speech_clip *x = a, *y = b;
    if (x->file != y->file) return x->file < y->file ? -1 : 1;
    if (x->start != y->start) return x->start < y->start ? -1 : 1;
    return (x->copy > y->copy) - (x->copy < y->copy);
}

/* Of all words for training. */
static status add_copies(listing *l)
{
    speech_clips *s = l->clips;
    const long copies = import_integer(l->request, "copies");
    const int recorded = s->count;
    if (copies == 0) return status_ok();
    for (int i = 0; i < SPEECH_NOISES; i++)
        if (s->noises[i].samples == NULL)
            return status_fail(STATUS_DATA, "%.300s has no _background_noise_/%s, which --copies needs",
                               speech_source(l->request, 0), training_noises[i]);
    for (int i = 0; i < recorded; i++) {
        speech_clip like = s->clips[i];
        if (like.mark != SPLIT_TRAIN || like.name[0] == '_') continue;
        for (like.copy = 1; like.copy <= copies; like.copy++) TRY(add_clip(s, like.name, &like));
    }
    qsort(s->clips, (size_t)s->count, sizeof *s->clips, compare_places);
    return status_ok();
}

/* ---- together ---- */

static status list_all(listing *l)
{
    TRY(take_source(l, 0));
    TRY(apply_lists(l));
    TRY(add_copies(l));
    return is_official_test(l->request) ? take_source(l, 1) : status_ok();
}

status speech_clips_list(speech_clips *out, const import_request *request)
{
    *out = (speech_clips){.count = 0};
    listing l = {.request = request, .clips = out, .sum = checksum_begin()};
    status s = list_all(&l), summed = checksum_end(&l.sum, out->checksum);
    for (int i = 0; i < SPLIT_COUNT; i++) name_list_free(&l.lists[i]);
    if (out->bad > 0 && import_who(request)->rank == 0) fprintf(stderr, "%d files were left out\n", out->bad);
    return failed(s) ? s : summed;
}

void speech_clips_free(speech_clips *s)
{
    for (int i = 0; i < s->count; i++) free(s->clips[i].name);
    for (int i = 0; i < SPEECH_NOISES; i++) free(s->noises[i].samples);
    free(s->clips);
    *s = (speech_clips){.count = 0};
}
