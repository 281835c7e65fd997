/* links: results */
/* Files in RUN/claims: an age, then the text; every question is asked, and the claim is taken in the end or not. */
#define _POSIX_C_SOURCE 200809L
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>

#include "results/run/claim.h"
#include "tests/fuzz/fuzz.h"

static const char *const names[] = {"0123456789abcdef0123456789abcdef", "lead", "fedcba9876543210fedcba9876543210"};

static void put_claim(const char *name, fuzz_input *in)
{
    char path[80];
    int64_t age = fuzz_number(in) % 1000000;
    struct timespec times[2] = {{.tv_sec = time(NULL) - age}, {.tv_sec = time(NULL) - age}};
    snprintf(path, sizeof path, "claims/%s", name);
    fuzz_input text = fuzz_part(in, 0);
    fuzz_put(path, text.bytes != NULL ? (const void *)text.bytes : "", text.left);
    utimensat(AT_FDCWD, fuzz_path(path), times, 0);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
    fuzz_input in = {bytes, size};
    claims c;
    claim_token token;
    char holder[CLAIM_HOLDER];
    int count;
    bool is_free;
    mkdir(fuzz_path("claims"), 0700);
    for (int i = 0; i < 3 && in.left > 0; i++) put_claim(names[i], &in);
    fuzz_must(claims_open(&c, fuzz_folder(), 60));
    fuzz_must(claims_count_tasks(&count, &c));
    if (count < 0 || count > 2) abort();
    for (int i = 0; i < 2; i++) {
        fuzz_must(claims_is_free(&is_free, &c, names[i]));
        fuzz_must(claims_take(&token, holder, &c, names[i]));
        if ((token.text[0] != '\0') != claims_has(&c, names[i])) abort();
        if (token.text[0] == '\0') fuzz_must_be_plain(holder, strlen(holder));
        claim_fence fence = claim_fence_of(fuzz_folder(), names[i], &token);
        if (token.text[0] != '\0' && failed(claim_fence_check(&fence))) abort();
    }
    fuzz_must(claims_renew(&c));
    fuzz_must(claims_clean(&c));
    claims_close(&c);
    fuzz_empty("claims");
    return 0;
}
