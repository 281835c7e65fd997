#include "core/data/batch.h"

#include <stddef.h>

#include "core/base/rng.h"
#include "core/data/augment/geometry.h"

void batch_order(int32_t *order, int count, uint64_t seed, int epoch)
{
    for (int i = 0; i < count; i++) order[i] = i;
    /* Fisher-Yates from the end. Element i uses word i % 4 of block i / 4. */
    rng_block block = {{0}};
    int drawn = -1;
    for (int i = count - 1; i > 0; i--) {
        if (i / 4 != drawn) {
            drawn = i / 4;
            block = rng_draw(seed, RNG_SHUFFLE, (uint32_t)epoch, (uint32_t)drawn, 0);
        }
        int j = (int)rng_below(block.word[i % 4], (uint32_t)i + 1);
        int32_t kept = order[i];
        order[i] = order[j];
        order[j] = kept;
    }
}

static void load_plain(real *x, const uint8_t *image, size_t count, const real *values)
{
    for (size_t i = 0; i < count; i++) x[i] = values[image[i]];
}

/* The smallest and the largest real value of a sample. */
static void find_range(augment_place *p, const dataset *data)
{
    p->low = data->is_signed ? (real)-128 * (real)data->scale : 0;
    p->high = (real)(data->is_signed ? 127 : 255) * (real)data->scale;
}

void batch_load(real *x, int32_t *labels, const dataset *data, const int32_t *sample, int n,
                const augment_settings *augment, uint64_t seed, int epoch)
{
    real values[256];
    for (int i = 0; i < 256; i++) values[i] = (real)(data->is_signed && i > 127 ? i - 256 : i) * (real)data->scale;

    augment_place place = {.settings = augment,
                           .height = data->height,
                           .width = data->width,
                           .channels = data->channels,
                           .seed = seed,
                           .epoch = (uint32_t)epoch};
    find_range(&place, data);
    size_t size = (size_t)data->height * data->width * data->channels;
    for (int i = 0; i < n; i++) {
        const uint8_t *image = (const uint8_t *)data->samples + (size_t)sample[i] * size;
        real *out = x + (size_t)i * size;
        labels[i] = data->labels[sample[i]];
        if (augment == NULL) {
            load_plain(out, image, size, values);
            continue;
        }
        place.sample = (uint32_t)sample[i];
        geometry_load(out, image, values, &place);
        for (int a = 0; augmentations[a] != NULL; a++)
            if (augmentations[a]->is_on(augment)) augmentations[a]->paint(out, &place);
    }
}
