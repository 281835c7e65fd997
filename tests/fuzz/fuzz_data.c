/* links: core_data */
/* A prepared data set with a right seal, edited through HDF5. */
#include <stdlib.h>
#include <string.h>

#include "core/base/size.h"
#include "core/data/dataset.h"
#include "core/io/seal.h"
#include "tests/fuzz/fuzz_h5.h"
#include "tests/support/small_data.h"

enum { MOST_BYTES = 1 << 24 };

static const fuzz_h5 *sound(void)
{
    static fuzz_h5 base;
    if (base.count > 0) return &base;
    fuzz_must(small_data_write(fuzz_path("base.h5")));
    fuzz_h5_take(&base, fuzz_path("base.h5"));
    return &base;
}

/* Every value of a loaded set lies where it may. */
static void check_loaded(const dataset *d)
{
    for (int s = 0; s < SPLIT_COUNT; s++)
        for (int i = 0; i < d->split_count[s]; i++) {
            int32_t sample = d->split_index[s][i];
            if (sample < 0 || sample >= d->count || d->labels[sample] < 0 || d->labels[sample] >= d->classes) abort();
        }
    for (int c = 0; c < d->classes; c++)
        if (memchr(d->class_names + (size_t)c * DATASET_NAME, '\0', DATASET_NAME) == NULL) abort();
    size_t bytes = size_product(size_product((size_t)d->count, (size_t)d->height),
                                size_product((size_t)d->width, (size_t)d->channels));
    unsigned sum = 0;
    for (size_t i = 0; i < bytes; i++) sum += ((const uint8_t *)d->samples)[i];
    if (sum == 1 && bytes == 0) abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
    fuzz_input in = {bytes, size};
    const char *path = fuzz_path("d.h5");
    char checksum[72];
    size_t room;
    fuzz_h5_write(path, sound(), &in);
    fuzz_must(seal_append(path));
    (void)failed(dataset_content_checksum(checksum, path));
    if (failed(dataset_measure(&room, path)) || room > MOST_BYTES) return 0;
    void *block = malloc(room);
    dataset d;
    if (block == NULL) abort();
    if (!failed(dataset_load(block, room, path)) && !failed(dataset_open(&d, block))) check_loaded(&d);
    free(block);
    return 0;
}
