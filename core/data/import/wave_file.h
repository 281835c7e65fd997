/* wave_file: a WAV file in memory -> its samples. The only user of libsndfile. */
#ifndef CORE_DATA_IMPORT_WAVE_FILE_H
#define CORE_DATA_IMPORT_WAVE_FILE_H

#include <stddef.h>
#include <stdint.h>

#include "core/base/status.h"

enum { WAVE_RATE = 16000 }; /* samples a second */

/* The samples of one channel at WAVE_RATE, 16 bits; the caller frees *out. STATUS_DATA, with `name`: no sound file,
 * damaged, another rate, more than one channel, no samples, or more than `most`. */
MUST_CHECK status wave_read(int16_t **out, size_t *count, const uint8_t *bytes, size_t size, const char *name,
                            size_t most);

#endif
