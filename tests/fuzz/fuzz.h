/* fuzz: what the targets share: a folder of their own, and values drawn from the fuzzer's bytes. A target is one file,
 * fuzz_NAME.c, with LLVMFuzzerTestOneInput; a crash, a leak, an endless loop, a report of the sanitizers, or abort()
 * for a broken promise is a fault. */
#ifndef TESTS_FUZZ_FUZZ_H
#define TESTS_FUZZ_FUZZ_H

#include <stddef.h>
#include <stdint.h>

#include "core/base/status.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size);

/* What is left of an input. At its end everything drawn is zero. */
typedef struct {
    const uint8_t *bytes;
    size_t left;
} fuzz_input;

uint8_t fuzz_byte(fuzz_input *in);
void fuzz_bytes(void *out, size_t count, fuzz_input *in);
/* Small numbers, limits of types, or any. */
int64_t fuzz_number(fuzz_input *in);
/* Up to the next zero byte, or all of the rest; the caller frees it. */
char *fuzz_text(fuzz_input *in);
/* The next part, which ends before the byte `end` or with the input. */
fuzz_input fuzz_part(fuzz_input *in, uint8_t end);

/* The folder, made once and below TMPDIR, and a path in it, which is valid until the 8th call after this one. */
const char *fuzz_folder(void);
const char *fuzz_path(const char *name);
void fuzz_put(const char *name, const void *bytes, size_t size);
/* Removes everything in a folder of the folder, but no folders. */
void fuzz_empty(const char *name);

/* For what has to succeed: aborts with the message. */
void fuzz_must(status s);
/* Aborts when a line of a text for people, or of a file of text, is not printable (core/base/text.h). */
void fuzz_must_be_plain(const char *text, size_t size);

#endif
