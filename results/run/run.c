/* The run directory: made, recognised, compared. */
#define _POSIX_C_SOURCE 200809L
#include "results/run/run.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "core/base/clock.h"
#include "core/base/file.h"
#include "results/file/provenance.h"
#include "results/run/run_internal.h"

static const double START_LEASE_SECONDS = 30, START_NAP_SECONDS = 0.02;

void run_path(char out[RUN_PATH_BYTES], const run *r, const char *name)
{
    snprintf(out, RUN_PATH_BYTES, "%s/%s", r->directory, name);
}

static void numbered_path(char out[MAX_PATH_TEXT], const run *r, const char *folder, int id)
{
    char name[64];
    snprintf(name, sizeof name, "/%s/%06d.h5", folder, id);
    snprintf(out, MAX_PATH_TEXT, "%.*s%s", (int)(MAX_PATH_TEXT - sizeof name), r->directory, name);
}

void run_task_path(char out[MAX_PATH_TEXT], const run *r, int id)
{
    numbered_path(out, r, "tasks", id);
}

void run_checkpoint_path(char out[MAX_PATH_TEXT], const run *r, int id)
{
    numbered_path(out, r, "checkpoints", id);
}

/* Names that a directory without config.cfg may hold: a start that was interrupted before config.cfg, its last step. */
static bool is_left_by_a_start(const char *name)
{
    static const char *const known[] = {".",    "..",          "tasks",         "checkpoints", "claims",
                                        "jobs", "network.cfg", "data.checksum", "space.tmp"};
    static const char *const begun[] = {"network.cfg.tmp-", "data.checksum.tmp-", "config.cfg.tmp-",
                                        "launch."}; /* the last: of bitfront-run */
    for (size_t i = 0; i < sizeof known / sizeof known[0]; i++)
        if (strcmp(name, known[i]) == 0) return true;
    for (size_t i = 0; i < sizeof begun / sizeof begun[0]; i++)
        if (strncmp(name, begun[i], strlen(begun[i])) == 0) return true;
    return false;
}

/* Refuses a directory with anything of somebody else in it. */
static status check_free(const char *directory)
{
    DIR *listing = opendir(directory);
    if (listing == NULL) return status_fail(STATUS_IO, "cannot list %s: %s", directory, strerror(errno));
    status result = status_ok();
    for (const struct dirent *entry; !failed(result) && (entry = readdir(listing)) != NULL;)
        if (!is_left_by_a_start(entry->d_name))
            result = status_fail(STATUS_CONFIG,
                                 "%s is not a run directory (it holds '%.60s' but no config.cfg): choose "
                                 "another --out directory",
                                 directory, entry->d_name);
    closedir(listing);
    return result;
}

/* Finds out now, not after the first hours of training, whether results can be written. */
static status check_room(const run *r)
{
    char path[RUN_PATH_BYTES], block[4096] = {0};
    run_path(path, r, "space.tmp");
    int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0666);
    if (fd < 0) return status_fail(STATUS_IO, "cannot write into %s: %s", r->directory, strerror(errno));
    status result = file_write_bytes(fd, path, block, sizeof block);
    /* By the open file: another job that starts now may have removed its name. */
    if (!failed(result) && fsync(fd) != 0) result = status_fail(STATUS_IO, "cannot sync %s: %s", path, strerror(errno));
    close(fd);
    unlink(path);
    return status_in(result, "cannot write into %s", r->directory);
}

/* A stored text must be there and equal. `what` names it, `remedy` says what a person can do. */
static status check_stored(const run *r, const char *name, const char *what, const char *text)
{
    char path[RUN_PATH_BYTES], *stored;
    run_path(path, r, name);
    TRY(file_read_text(&stored, path));
    bool same = strcmp(stored, text) == 0;
    free(stored);
    if (same) return status_ok();
    return status_fail(STATUS_CONFIG,
                       "%s holds a run with %s (see %s/%s): its results cannot be mixed with this "
                       "one's. Choose another --out directory, or use what that run used",
                       r->directory, what, r->directory, name);
}

static status check_belongs(const run *r)
{
    char path[RUN_PATH_BYTES], *stored;
    run_path(path, r, "config.cfg");
    TRY(file_read_text(&stored, path));
    status same = settings_same(stored, r->config_text);
    free(stored);
    if (failed(same) && same.code == STATUS_CONFIG)
        return status_fail(
            STATUS_CONFIG,
            "%.150s holds a run with another configuration (in its config.cfg): %.230s. Choose another --out "
            "directory, or set these keys as they were",
            r->directory, same.message);
    TRY(same);
    TRY(check_stored(r, "network.cfg", "another network", r->network_text));
    return check_stored(r, "data.checksum", "another data set", r->data_checksum);
}

static status write_new(const run *r)
{
    static const char *const folders[] = {"tasks", "checkpoints", "jobs"};
    char path[RUN_PATH_BYTES];
    for (size_t i = 0; i < sizeof folders / sizeof *folders; i++) {
        run_path(path, r, folders[i]);
        TRY(file_make_directory(path));
    }
    run_path(path, r, "network.cfg");
    TRY(file_write_text(path, r->network_text));
    run_path(path, r, "data.checksum");
    TRY(file_write_text(path, r->data_checksum));
    run_path(path, r, "config.cfg"); /* last: it makes the directory a run */
    return file_write_text(path, r->config_text);
}

static bool is_run(const run *r)
{
    char path[RUN_PATH_BYTES];
    run_path(path, r, "config.cfg");
    return file_exists(path);
}

/* One of the jobs that start at once makes the run, the others wait for it. */
static status make_run(const run *r)
{
    claims start;
    claim_token token;
    char holder[CLAIM_HOLDER];
    TRY(claims_open(&start, r->directory, START_LEASE_SECONDS));
    status result = status_ok();
    bool done = false;
    while (!done && !failed(result)) {
        result = claims_take(&token, holder, &start, "start");
        bool ours = !failed(result) && token.text[0] != '\0';
        done = ours || is_run(r);
        if (!done) clock_sleep(START_NAP_SECONDS);
        if (ours && !is_run(r)) result = write_new(r);
    }
    claims_close(&start);
    return result;
}

static status open_directory(const run *r)
{
    if (!is_run(r)) {
        TRY(file_make_directory(r->directory));
        status vacant = check_free(r->directory);
        if (failed(vacant) && !is_run(r)) return vacant; /* else somebody made the run between the two questions */
    }
    if (is_run(r)) {
        TRY(check_belongs(r));
        return check_room(r);
    }
    TRY(check_room(r));
    TRY(make_run(r));
    return check_belongs(r);
}

status run_open(run *out, const char *directory, const char *config_text, const char *network_text,
                const char *data_checksum)
{
    run r = {0};
    if (strlen(directory) + 64 > sizeof r.directory)
        return status_fail(STATUS_CONFIG, "the path of the run directory is too long: %.100s...", directory);
    snprintf(r.directory, sizeof r.directory, "%s", directory);
    snprintf(r.data_checksum, sizeof r.data_checksum, "%s", data_checksum);
    snprintf(r.kernels, sizeof r.kernels, "unknown");
    snprintf(r.blas, sizeof r.blas, "unknown");
    snprintf(r.mpi, sizeof r.mpi, "unknown");
    r.config_text = strdup(config_text);
    r.network_text = strdup(network_text);
    status result = r.config_text != NULL && r.network_text != NULL ? open_directory(&r)
                                                                    : status_fail(STATUS_MEMORY, "no memory for a run");
    if (failed(result))
        run_close(&r);
    else
        *out = r;
    return result;
}

void run_close(run *r)
{
    free(r->config_text);
    free(r->network_text);
    r->config_text = r->network_text = NULL;
}

status run_write_root(h5_id file, const run *r, const char *description)
{
    TRY(h5_set_text(file, ".", "description", description));
    TRY(h5_set_integer(file, ".", "format", RUN_FORMAT));
    TRY(h5_set_text(file, ".", "config", r->config_text));
    TRY(h5_set_text(file, ".", "network", r->network_text));
    TRY(h5_set_text(file, ".", "data_checksum", r->data_checksum));
    return provenance_write(file, r->kernels, r->blas, r->mpi);
}
