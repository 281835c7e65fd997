/* links: core_data */
#include "tests/fuzz/fuzz_array.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
    fuzz_put("a", bytes, size);
    fuzz_array(fuzz_path("a"), idx_open, NULL);
    return 0;
}
