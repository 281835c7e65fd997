#define _GNU_SOURCE /* mkdtemp */
#include "tests/fuzz/fuzz.h"

#include <dirent.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "core/base/text.h"

uint8_t fuzz_byte(fuzz_input *in)
{
    if (in->left == 0) return 0;
    in->left--;
    return *in->bytes++;
}

void fuzz_bytes(void *out, size_t count, fuzz_input *in)
{
    size_t taken = count < in->left ? count : in->left;
    memset(out, 0, count);
    if (taken == 0) return;
    memcpy(out, in->bytes, taken);
    in->bytes += taken;
    in->left -= taken;
}

int64_t fuzz_number(fuzz_input *in)
{
    static const int64_t limits[] = {0,         1,          -1,        INT_MAX,   INT_MIN,   INT64_MAX,
                                     INT64_MIN, UINT32_MAX, 1LL << 31, 1LL << 32, 1LL << 53, 1LL << 62};
    uint8_t kind = fuzz_byte(in);
    if (kind < sizeof limits / sizeof *limits) return limits[kind];
    if (kind < 192) return fuzz_byte(in);
    int64_t any;
    fuzz_bytes(&any, sizeof any, in);
    return any;
}

char *fuzz_text(fuzz_input *in)
{
    fuzz_input part = fuzz_part(in, 0);
    char *text = malloc(part.left + 1);
    if (text == NULL) abort();
    if (part.left > 0) memcpy(text, part.bytes, part.left);
    text[part.left] = '\0';
    return text;
}

fuzz_input fuzz_part(fuzz_input *in, uint8_t end)
{
    const uint8_t *at = in->left > 0 ? memchr(in->bytes, end, in->left) : NULL;
    fuzz_input part = {in->bytes, at != NULL ? (size_t)(at - in->bytes) : in->left};
    size_t used = part.left + (at != NULL);
    if (used > 0) in->bytes += used;
    in->left -= used;
    return part;
}

const char *fuzz_folder(void)
{
    static char folder[256];
    if (folder[0] != '\0') return folder;
    const char *place = getenv("TMPDIR");
    snprintf(folder, sizeof folder, "%s/fuzz_XXXXXX", place != NULL ? place : "/tmp");
    if (mkdtemp(folder) == NULL) abort();
    return folder;
}

const char *fuzz_path(const char *name)
{
    static char paths[8][512];
    static unsigned next;
    char *path = paths[next++ % 8];
    snprintf(path, sizeof paths[0], "%s/%s", fuzz_folder(), name);
    return path;
}

void fuzz_put(const char *name, const void *bytes, size_t size)
{
    FILE *file = fopen(fuzz_path(name), "wb");
    if (file == NULL || fwrite(bytes, 1, size, file) != size || fclose(file) != 0) abort();
}

void fuzz_empty(const char *name)
{
    char folder[512];
    snprintf(folder, sizeof folder, "%s", fuzz_path(name));
    DIR *listing = opendir(folder);
    for (struct dirent *e = NULL; listing != NULL && (e = readdir(listing)) != NULL;)
        if (strcmp(e->d_name, ".") != 0 && strcmp(e->d_name, "..") != 0) unlinkat(dirfd(listing), e->d_name, 0);
    if (listing != NULL) closedir(listing);
}

void fuzz_must(status s)
{
    if (!failed(s)) return;
    fprintf(stderr, "has to succeed: %s\n", s.message);
    abort();
}

void fuzz_must_be_plain(const char *text, size_t size)
{
    fuzz_input rest = {(const uint8_t *)text, size};
    while (rest.left > 0) {
        fuzz_input line = fuzz_part(&rest, '\n');
        char *words = malloc(line.left + 1);
        if (words == NULL) abort();
        memcpy(words, line.bytes, line.left);
        words[line.left] = '\0';
        if (strlen(words) != line.left || !text_is_printable(words)) {
            fprintf(stderr, "not fit to be shown: %s\n", words);
            abort();
        }
        free(words);
    }
}

/* libconfig forgets a text that is not ended at the end of a file. The sanitizer asks for this. */
const char *__lsan_default_suppressions(void);
const char *__lsan_default_suppressions(void)
{
    return "leak:libconfig.so";
}
