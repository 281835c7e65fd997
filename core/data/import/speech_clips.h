/* speech_clips: the samples that Google Speech Commands gives: words, windows of silence and copies, with class and
 * split, and where each is. Needs one pass over the sounds; about 100 bytes of memory a clip. */
#ifndef CORE_DATA_IMPORT_SPEECH_CLIPS_H
#define CORE_DATA_IMPORT_SPEECH_CLIPS_H

#include <stddef.h>
#include <stdint.h>

#include "core/base/checksum.h"
#include "core/data/import/importer.h"
#include "core/data/import/mfcc.h"

/* In the order of labels. */
enum { SPEECH_CLASSES = 12, SPEECH_SILENCE = 10, SPEECH_UNKNOWN = 11 };
extern const char *const speech_class_names[SPEECH_CLASSES];

/* SPEECH_SOUND: samples of a sound, at most; SPEECH_NOISE: of a background sound. */
enum { SPEECH_NOISES = 5, SPEECH_SOUND = MFCC_SAMPLES, SPEECH_NOISE = 600 * MFCC_SAMPLES };

typedef struct {
    char *name; /* "yes/0a7c2a8d_nohash_0.wav"; owned */
    int32_t label;
    uint8_t mark;   /* split */
    uint8_t source; /* 0: --source, 1: --test-source */
    int file;       /* which file of the source, from 0 on */
    uint32_t start; /* sample at which it begins: of windows of silence */
    int copy;       /* 0: as recorded */
} speech_clip;

typedef struct {
    int16_t *samples; /* owned */
    size_t count;
} speech_sound;

typedef struct {
    speech_clip *clips; /* (count), in the order of sources, files, starts and copies; owned */
    int count, room, bad;
    speech_sound noises[SPEECH_NOISES]; /* with --copies: the background sounds of training; owned */
    char checksum[CHECKSUM_TEXT];       /* of the sounds that were read; on rank 0 */
} speech_clips;

/* On each rank; only rank 0 tells what is left out. */
MUST_CHECK status speech_clips_list(speech_clips *out, const import_request *request);
void speech_clips_free(speech_clips *clips);

/* The option's path: of source 0 or 1. */
const char *speech_source(const import_request *request, int source);

#endif
