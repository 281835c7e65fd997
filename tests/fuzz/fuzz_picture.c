/* links: core_data */
#include <stdlib.h>

#include "core/data/import/picture.h"
#include "tests/fuzz/fuzz.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
    picture p;
    uint8_t out[12 * 12 * 3];
    if (failed(picture_decode(&p, bytes, size, "bytes"))) return 0;
    fuzz_must(picture_scale(out, 12, 12, 3, &p, size % 2 == 0 ? FIT_CROP : FIT_STRETCH));
    picture_free(&p);
    return 0;
}
