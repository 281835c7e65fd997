#include "core/base/checksum.h"

#include <openssl/evp.h>
#include <stdio.h>

static void drop(checksum *sum)
{
    EVP_MD_CTX_free(sum->context);
    sum->context = NULL;
}

checksum checksum_begin(void)
{
    checksum sum = {EVP_MD_CTX_new()};
    if (sum.context != NULL && EVP_DigestInit_ex(sum.context, EVP_sha256(), NULL) != 1) drop(&sum);
    return sum;
}

void checksum_add(checksum *sum, const void *bytes, size_t size)
{
    if (sum->context != NULL && EVP_DigestUpdate(sum->context, bytes, size) != 1) drop(sum);
}

void checksum_add_int32(checksum *sum, const int32_t *values, size_t count)
{
    enum { PIECE = 256 };
    unsigned char bytes[4 * PIECE];
    for (size_t start = 0; start < count; start += PIECE) {
        size_t n = count - start < PIECE ? count - start : PIECE;
        for (size_t i = 0; i < n; i++) {
            uint32_t value = (uint32_t)values[start + i];
            for (int k = 0; k < 4; k++) bytes[4 * i + k] = (unsigned char)(value >> 8 * k);
        }
        checksum_add(sum, bytes, 4 * n);
    }
}

status checksum_end(checksum *sum, char text[CHECKSUM_TEXT])
{
    unsigned char digest[EVP_MAX_MD_SIZE];
    if (sum->context != NULL && EVP_DigestFinal_ex(sum->context, digest, NULL) != 1) drop(sum);
    if (sum->context == NULL) return status_fail(STATUS_MEMORY, "libcrypto cannot compute a SHA-256 checksum here");
    int used = snprintf(text, CHECKSUM_TEXT, "sha256:");
    for (int i = 0; i < 32; i++) used += snprintf(text + used, (size_t)(CHECKSUM_TEXT - used), "%02x", digest[i]);
    drop(sum);
    return status_ok();
}
