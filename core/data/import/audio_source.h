/* audio_source: the files of a data set of sounds, in an archive or a folder of folders, one after another. */
#ifndef CORE_DATA_IMPORT_AUDIO_SOURCE_H
#define CORE_DATA_IMPORT_AUDIO_SOURCE_H

#include <stddef.h>
#include <stdint.h>

#include "core/base/status.h"

/* folder: the last folder of the file's path ("yes"; "" when there is none); file: its name. `bytes` is borrowed. */
typedef status audio_taker(void *to, const char *folder, const char *file, const uint8_t *bytes, size_t size);

/* Hands each file to `take`: all of an archive in its order; of a folder, its files and those of its folders. */
MUST_CHECK status audio_source_each(const char *path, audio_taker *take, void *to);

#endif
