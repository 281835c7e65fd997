/* links: core_data */
/* Archives, and single compressed files. */
#include <stdlib.h>

#include "core/data/archive.h"
#include "tests/fuzz/fuzz.h"

enum { MOST_MEMBERS = 100, MOST_BYTES = 1 << 20 };

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
    archive a;
    const char *member;
    uint8_t *content;
    size_t length;
    fuzz_put("a", bytes, size);
    if (!failed(archive_open(&a, fuzz_path("a")))) {
        for (int i = 0; i < MOST_MEMBERS && !failed(archive_next(&a, &member)) && member != NULL; i++)
            if (i % 2 == 0 && !failed(archive_read(&content, &length, &a, MOST_BYTES))) free(content);
        archive_close(&a);
    }
    if (!failed(archive_read_file(&content, &length, fuzz_path("a"), MOST_BYTES))) free(content);
    return 0;
}
