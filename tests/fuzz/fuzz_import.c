/* links: core_data */
/* Whole importers: the first byte says which, then options, then files (which name, two bytes of length, the bytes). A
 * data set that was made has to load. */
#define _POSIX_C_SOURCE 200809L
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "core/data/dataset.h"
#include "core/data/import/importers.h"
#include "tests/fuzz/fuzz.h"

enum { MOST_FILES = 12, MOST_TEXT = 16 };

static const char *const folders[] = {"source",
                                      "source/a",
                                      "source/b",
                                      "source/train",
                                      "source/yes",
                                      "source/train/a",
                                      "source/train/b",
                                      "source/val",
                                      "source/train/a/images",
                                      "source/train/b/images",
                                      "source/val/images",
                                      "source/_background_noise_"};
static const char *const files[] = {"source/a/1.png",
                                    "source/a/2.png",
                                    "source/a/3.png",
                                    "source/b/1.jpg",
                                    "source/b/2.jpg",
                                    "source/b/3.jpg",
                                    "source/train/a/1.png",
                                    "source/train/b/1.png",
                                    "source/images.npy",
                                    "source/labels.npy",
                                    "source/train-images-idx3-ubyte",
                                    "source/train-labels-idx1-ubyte",
                                    "source/t10k-images-idx3-ubyte",
                                    "source/t10k-labels-idx1-ubyte",
                                    "source/train.bin",
                                    "source/val.bin",
                                    "source/test.bin",
                                    "source/data_batch_1.bin",
                                    "source/test_batch.bin",
                                    "source/wnids.txt",
                                    "source/words.txt",
                                    "source/classes.txt",
                                    "source/train.jpk",
                                    "source/val.jpk",
                                    "source/val/val_annotations.txt",
                                    "source/val/images/val_0.JPEG",
                                    "source/train/a/images/a_0.JPEG",
                                    "source/train/b/images/b_0.JPEG",
                                    "source/yes/a_nohash_0.wav",
                                    "source/_background_noise_/n.wav",
                                    "source/validation_list.txt",
                                    "source/testing_list.txt",
                                    "whole",
                                    "labels"};
enum { FOLDERS = sizeof folders / sizeof *folders, FILES = sizeof files / sizeof *files };

static void write_files(fuzz_input *in)
{
    for (int i = 0; i < MOST_FILES && in->left > 0; i++) {
        const char *name = files[fuzz_byte(in) % FILES];
        size_t length = fuzz_byte(in);
        length |= (size_t)fuzz_byte(in) << 8;
        if (length > in->left) length = in->left;
        fuzz_put(name, in->bytes, length);
        in->bytes += length;
        in->left -= length;
    }
}

/* Options of the importer as the input says; texts[] holds the values. */
static void draw_options(import_request *r, char texts[IMPORT_MAX_KEYS][MOST_TEXT], fuzz_input *in)
{
    uint32_t given;
    fuzz_bytes(&given, sizeof given, in);
    for (int k = 0; r->what->keys[k].name != NULL; k++) {
        const import_key *key = &r->what->keys[k];
        bool is_source = strcmp(key->name, "source") == 0;
        if (!(given >> k & 1) && !is_source) continue;
        if (key->type == IMPORT_PATH && strstr(key->name, "labels") != NULL)
            r->values[k] = fuzz_path("labels");
        else if (key->type == IMPORT_PATH)
            r->values[k] = given >> 31 ? fuzz_path("whole") : fuzz_path("source");
        else {
            snprintf(texts[k], MOST_TEXT, "%lld", (long long)fuzz_number(in) % 100000);
            if (key->type == IMPORT_TEXT) fuzz_bytes(texts[k], MOST_TEXT - 1, in);
            r->values[k] = texts[k];
        }
    }
}

static void check_made(const char *path)
{
    size_t room;
    fuzz_must(dataset_measure(&room, path));
    void *block = malloc(room);
    if (block == NULL) abort();
    fuzz_must(dataset_load(block, room, path));
    free(block);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
    fuzz_input in = {bytes, size};
    int count = 0;
    while (importers[count] != NULL) count++;
    static char texts[IMPORT_MAX_KEYS][MOST_TEXT], output[512];
    memset(texts, 0, sizeof texts);
    snprintf(output, sizeof output, "%s", fuzz_path("made.h5"));
    import_request r = {.what = importers[fuzz_byte(&in) % count], .output = output};
    if (strcmp(r.what->name, "synthetic") == 0) return 0; /* reads nothing, and takes long */
    draw_options(&r, texts, &in);
    for (int i = 0; i < FOLDERS; i++) mkdir(fuzz_path(folders[i]), 0700);
    write_files(&in);
    if (!failed(import_check(&r)) && !failed(r.what->run(&r))) check_made(output);
    for (int i = 0; i < FILES; i++) unlink(fuzz_path(files[i]));
    for (int i = FOLDERS - 1; i >= 0; i--) rmdir(fuzz_path(folders[i]));
    unlink(output);
    return 0;
}
