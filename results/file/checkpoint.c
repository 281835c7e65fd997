#define _POSIX_C_SOURCE 200809L
#include "results/file/checkpoint.h"

#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "core/base/file.h"
#include "core/base/libm.h"
#include "core/base/size.h"
#include "core/base/text.h"
#include "core/io/h5.h"
#include "core/io/seal.h"
#include "results/file/provenance.h"

enum { FORMAT = 2, FACT_BYTES = 512, PATH_BYTES = 4096 };

static status write_span(h5_id group, const span *s)
{
    return h5_write_plain(group, s->name, H5_U8, 1, &s->bytes, s->data,
                          (h5_about){"1", "bytes of this part of the task's state, as in memory"});
}

/* Who can read the bytes, and who made them. */
typedef struct {
    char build[FACT_BYTES], machine[FACT_BYTES];
} origin;

static origin own_origin(const checkpoint_machine *machine)
{
    origin o;
    const uint16_t one = 1;
    snprintf(o.build, sizeof o.build, "raw memory of bitfront %.100s, %.200s, %s-endian, %zu-bit", provenance_source(),
             provenance_compiler(), *(const unsigned char *)&one == 1 ? "little" : "big", 8 * sizeof(void *));
    snprintf(o.machine, sizeof o.machine, "%.60s, %.60s", machine->kernels, libm_name());
    return o;
}

static status write_content(h5_id file, const char *key, const checkpoint_machine *machine, const span *spans,
                            int count)
{
    const origin own = own_origin(machine);
    TRY(h5_set_text(file, ".", "build", own.build));
    TRY(h5_set_text(file, ".", "machine", own.machine));
    TRY(h5_set_text(file, ".", "earlier_machines", machine->earlier));
    TRY(h5_set_text(file, ".", "description", "state of a running task of bitfront, see results/SCHEMA.md"));
    TRY(h5_set_integer(file, ".", "format", FORMAT));
    TRY(h5_set_text(file, ".", "key", key));
    h5_id group;
    TRY(h5_group(&group, file, "spans"));
    status result = status_ok();
    for (int i = 0; i < count && !failed(result); i++) result = write_span(group, &spans[i]);
    h5_group_close(group);
    return result;
}

static status write_and_publish(const char *path, const char *key, const checkpoint_machine *machine, const span *spans,
                                int count, const claim_fence *fence)
{
    char temporary[PATH_BYTES], previous[PATH_BYTES];
    if (snprintf(temporary, sizeof temporary, "%s.tmp-%s", path, fence != NULL ? fence->token.text : "alone") >=
            PATH_BYTES ||
        snprintf(previous, sizeof previous, "%s.prev", path) >= PATH_BYTES)
        return status_fail(STATUS_IO, "path of a checkpoint is too long: %.60s...", path);
    h5_id file;
    TRY(h5_create(&file, temporary));
    status written = write_content(file, key, machine, spans, count);
    if (failed(written)) {
        h5_discard(file);
        return written;
    }
    written = h5_close(file);
    if (!failed(written)) written = seal_append(temporary);
    if (!failed(written)) written = file_sync(temporary);
    if (!failed(written)) written = claim_fence_check(fence);
    /* From here the new file is complete on disk. Between the two renames only the previous one is there. */
    if (!failed(written) && file_exists(path)) {
        status kept = file_rename(path, previous);
        if (failed(kept) && file_exists(path)) written = kept; /* else a job that lost its claim was faster */
    }
    if (failed(written)) {
        unlink(temporary);
        return written;
    }
    return file_publish(temporary, path);
}

status checkpoint_write(const char *path, const char *key, const checkpoint_machine *machine, const span *spans,
                        int count, const claim_fence *fence)
{
    status s = write_and_publish(path, key, machine, spans, count, fence);
    /* Who took the claim over has removed the file that was being written. */
    const status held = failed(s) ? claim_fence_check(fence) : s;
    return held.code == STATUS_LOST ? held : s;
}

static status check_key(h5_id file, const char *path, const char *key)
{
    char *found;
    TRY(h5_get_text(&found, file, ".", "key"));
    status result = status_ok();
    if (strcmp(found, key) != 0)
        result = status_fail(STATUS_CONFIG,
                             "checkpoint %s belongs to '%.100s', not to '%.100s': use another --out "
                             "directory, or delete the checkpoint to start this task again",
                             path, found, key);
    free(found);
    return result;
}

/* Adds a machine to those of before, once; what does not fit is left out. */
static void add_earlier(char earlier[CHECKPOINT_EARLIER], const char *made)
{
    const size_t used = strlen(earlier);
    if (strstr(earlier, made) == NULL && used + strlen(made) + 3 < CHECKPOINT_EARLIER)
        snprintf(earlier + used, CHECKPOINT_EARLIER - used, "%s%s", used > 0 ? "; " : "", made);
}

/* What a file says about those who computed it; *warning: when something else did. */
static status check_origin(char warning[256], char earlier[CHECKPOINT_EARLIER], h5_id file, const char *path,
                           const checkpoint_machine *machine)
{
    const origin own = own_origin(machine);
    char *build = NULL, *made = NULL, *before = NULL;
    status s = h5_get_text(&build, file, ".", "build");
    if (!failed(s)) s = h5_get_text(&made, file, ".", "machine");
    if (!failed(s)) s = h5_get_text(&before, file, ".", "earlier_machines");
    if (!failed(s)) {
        snprintf(earlier, CHECKPOINT_EARLIER, "%s", before);
        text_printable(earlier);
    }
    if (!failed(s) && strcmp(build, own.build) != 0)
        s = status_fail(STATUS_DATA, "%s was written by another build of the program (%.160s)", path, build);
    if (!failed(s) && strcmp(made, own.machine) != 0) {
        text_printable(made);
        add_earlier(earlier, made);
        snprintf(warning, 256,
                 "a checkpoint computed with %.60s is continued with %.60s: the last bits of its results may differ",
                 made, own.machine);
    }
    free(before);
    free(build);
    free(made);
    return s;
}

static status check_head(h5_id file, const char *path, int count)
{
    int64_t format;
    TRY(h5_get_integer(&format, file, ".", "format"));
    if (format != FORMAT)
        return status_fail(STATUS_DATA, "%s has checkpoint format %d, this program reads %d", path, (int)format,
                           FORMAT);
    h5_id group;
    TRY(h5_group_open(&group, file, "spans"));
    char **names;
    size_t found;
    status listed = h5_list(&names, &found, group);
    h5_group_close(group);
    TRY(listed);
    free(names);
    if (found != (size_t)count)
        return status_fail(STATUS_DATA, "%s holds %zu parts of state where %d are expected", path, found, count);
    return status_ok();
}

/* Reads all spans one after the other into block, which has room for all of them. */
static status read_spans(h5_id file, const span *spans, int count, char *block)
{
    h5_id group;
    TRY(h5_group_open(&group, file, "spans"));
    status result = status_ok();
    for (int i = 0; i < count && !failed(result); i++) {
        result = h5_read(group, spans[i].name, H5_U8, spans[i].bytes, block);
        block += spans[i].bytes;
    }
    h5_group_close(group);
    return result;
}

/* What is asked for. */
typedef struct {
    const char *key;
    const checkpoint_machine *machine;
    const span *spans;
    int count;
} wanted;

/* What a file says besides its state. */
typedef struct {
    char *warning; /* 256 bytes */
    char earlier[CHECKPOINT_EARLIER];
} remarks;

/* Reads one file. *foreign tells a sound file of something else from a damaged one. */
static status read_file(bool *foreign, remarks *said, const char *path, const wanted *w, char *block)
{
    *foreign = false;
    TRY(seal_check(path));
    h5_id file;
    TRY(h5_open_read(&file, path));
    status result = check_key(file, path, w->key);
    *foreign = failed(result) && result.code == STATUS_CONFIG;
    if (!failed(result)) result = check_head(file, path, w->count);
    if (!failed(result)) result = check_origin(said->warning, said->earlier, file, path, w->machine);
    if (!failed(result)) result = read_spans(file, w->spans, w->count, block);
    status closed = h5_close(file);
    return failed(result) ? result : closed;
}

/* Takes the file, else its previous copy. */
static status read_either(remarks *said, const char *path, const char *previous, const wanted *w, char *block)
{
    bool foreign;
    status first = status_fail(STATUS_IO, "%s is missing", path);
    if (file_exists(path)) {
        first = read_file(&foreign, said, path, w, block);
        if (!failed(first) || foreign) return first;
    }
    if (!file_exists(previous)) return status_in(first, "no usable checkpoint, and no previous copy %s", previous);
    status second = read_file(&foreign, said, previous, w, block);
    if (failed(second) && foreign) return second;
    if (failed(second))
        return status_fail(STATUS_DATA,
                           "both copies of a checkpoint are unusable; delete them to start this task again: "
                           "%.170s; %.170s",
                           first.message, second.message);
    snprintf(said->warning, 256, "continuing from the previous copy of a checkpoint: %.200s", first.message);
    return status_ok();
}

status checkpoint_read(bool *found, char warning[256], const char *path, const char *key, checkpoint_machine *machine,
                       const span *spans, int count)
{
    warning[0] = 0;
    char previous[PATH_BYTES];
    if (snprintf(previous, sizeof previous, "%s.prev", path) >= PATH_BYTES)
        return status_fail(STATUS_IO, "path of a checkpoint is too long: %.60s...", path);
    if (!file_exists(path) && !file_exists(previous)) {
        *found = false;
        return status_ok();
    }
    size_t bytes = 1;
    for (int i = 0; i < count; i++) bytes = size_sum(bytes, spans[i].bytes);
    const wanted w = {key, machine, spans, count};
    remarks said = {.warning = warning};
    char *block = size_allocate(bytes);
    if (block == NULL) return status_fail(STATUS_MEMORY, "no memory for the %zu bytes of %s", bytes, path);
    status result = read_either(&said, path, previous, &w, block);
    if (!failed(result)) {
        const char *from = block;
        for (int i = 0; i < count; i++) {
            if (spans[i].bytes > 0) memcpy(spans[i].data, from, spans[i].bytes);
            from += spans[i].bytes;
        }
        memcpy(machine->earlier, said.earlier, sizeof machine->earlier);
        *found = true;
    }
    free(block);
    return result;
}

void checkpoint_remove(const char *path)
{
    static const char *const endings[] = {"", ".prev", ".tmp-alone"};
    for (int i = 0; i < 3; i++) {
        char name[PATH_BYTES];
        if (snprintf(name, sizeof name, "%s%s", path, endings[i]) < PATH_BYTES) unlink(name);
    }
}
