/* links: core_data */
#include <stdlib.h>

#include "core/data/import/mfcc.h"
#include "core/data/import/wave_file.h"
#include "tests/fuzz/fuzz.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
    static mfcc *front_end;
    float features[MFCC_VALUES];
    int16_t *samples;
    size_t count;
    if (front_end == NULL) fuzz_must(mfcc_make(&front_end));
    if (failed(wave_read(&samples, &count, bytes, size, "bytes", MFCC_SAMPLES))) return 0;
    mfcc_compute(features, front_end, samples, count);
    free(samples);
    return 0;
}
