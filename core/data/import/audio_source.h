/* audio_source: the files of a data set of sounds, in an archive or a folder of folders, one after another. */
#ifndef CORE_DATA_IMPORT_AUDIO_SOURCE_H
#define CORE_DATA_IMPORT_AUDIO_SOURCE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "core/base/checksum.h"
#include "core/base/status.h"

typedef struct audio_source audio_source;

MUST_CHECK status audio_open(audio_source **out, const char *path);
void audio_close(audio_source *source); /* NULL is allowed */

/* Goes to the next file: all of an archive in its order; of a folder, its files and those of its folders, by name.
 * *folder: the last folder of the file's path ("yes"; "" when there is none); *file: its name; both valid until the
 * next call; NULL at the end. */
MUST_CHECK status audio_next(const char **folder, const char **file, audio_source *source);

/* The bytes of this file, at most 256 MB; the caller frees *out. */
MUST_CHECK status audio_bytes(uint8_t **out, size_t *size, audio_source *source);

/* Adds what changes when the source does (file_stamp). */
MUST_CHECK status audio_stamp(checksum *sum, const char *path);

#endif
