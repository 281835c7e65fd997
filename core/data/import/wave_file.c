#include "core/data/import/wave_file.h"

#include <sndfile.h>
#include <stdlib.h>
#include <string.h>

typedef struct {
    const uint8_t *bytes;
    sf_count_t size, at;
} memory;

static sf_count_t get_size(void *user)
{
    return ((memory *)user)->size;
}

static sf_count_t seek(sf_count_t offset, int whence, void *user)
{
    memory *m = user;
    sf_count_t to = offset + (whence == SEEK_CUR ? m->at : whence == SEEK_END ? m->size : 0);
    if (to < 0 || to > m->size) return -1;
    return m->at = to;
}

static sf_count_t give(void *out, sf_count_t count, void *user)
{
    memory *m = user;
    if (count > m->size - m->at) count = m->size - m->at;
    memcpy(out, m->bytes + m->at, (size_t)count);
    m->at += count;
    return count;
}

static sf_count_t take(const void *in, sf_count_t count, void *user)
{
    (void)in;
    (void)count;
    (void)user;
    return 0; /* nothing is written */
}

static sf_count_t tell(void *user)
{
    return ((memory *)user)->at;
}

/* The bytes of samples that the header of a RIFF file announces must be there: the library reads what it finds. */
static status check_complete(const uint8_t *bytes, size_t size, const char *name)
{
    if (size < 12 || memcmp(bytes, "RIFF", 4) != 0 || memcmp(bytes + 8, "WAVE", 4) != 0)
        return status_fail(STATUS_DATA, "%s is not a WAV file", name);
    for (size_t at = 12; size - at >= 8;) {
        size_t length =
            bytes[at + 4] | (size_t)bytes[at + 5] << 8 | (size_t)bytes[at + 6] << 16 | (size_t)bytes[at + 7] << 24;
        if (memcmp(bytes + at, "data", 4) == 0 && length > size - at - 8)
            return status_fail(STATUS_DATA, "%s is incomplete: %zu of %zu bytes of sound are there", name,
                               size - at - 8, length);
        if (length > size - at - 8) break;
        at += 8 + length + (length & 1);
        if (at > size) break;
    }
    return status_ok();
}

static status read_open(int16_t **out, size_t *count, SNDFILE *file, const SF_INFO *info, const char *name, size_t most)
{
    if (info->samplerate != WAVE_RATE)
        return status_fail(STATUS_DATA, "%s has %d samples a second where %d are wanted; convert it first", name,
                           info->samplerate, WAVE_RATE);
    if (info->channels != 1)
        return status_fail(STATUS_DATA, "%s has %d channels where one is wanted; mix them first", name, info->channels);
    if (info->frames < 1) return status_fail(STATUS_DATA, "%s holds no sound: 0 samples", name);
    if ((uint64_t)info->frames > most)
        return status_fail(STATUS_DATA, "%s lasts %.2f s; at most %.2f s are wanted", name,
                           (double)info->frames / WAVE_RATE, (double)most / WAVE_RATE);
    int16_t *samples = malloc((size_t)info->frames * sizeof *samples);
    if (samples == NULL) return status_fail(STATUS_MEMORY, "no memory for the samples of %s", name);
    if (sf_readf_short(file, samples, info->frames) != info->frames) {
        free(samples);
        return status_fail(STATUS_DATA, "%s ends too early: it is damaged", name);
    }
    *out = samples;
    *count = (size_t)info->frames;
    return status_ok();
}

status wave_read(int16_t **out, size_t *count, const uint8_t *bytes, size_t size, const char *name, size_t most)
{
    SF_VIRTUAL_IO access = {get_size, seek, give, take, tell};
    SF_INFO info = {0};
    memory m = {bytes, (sf_count_t)size, 0};
    TRY(check_complete(bytes, size, name));
    SNDFILE *file = sf_open_virtual(&access, SFM_READ, &info, &m);
    if (file == NULL) return status_fail(STATUS_DATA, "%s is no sound that can be read (%s)", name, sf_strerror(NULL));
    status s = read_open(out, count, file, &info, name, most);
    sf_close(file);
    return s;
}
