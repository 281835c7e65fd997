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

static void keyed_path(char out[MAX_PATH_TEXT], const run *r, const char *folder, const char *key)
{
    char name[64];
    snprintf(name, sizeof name, "/%s/%.32s.h5", folder, key);
    snprintf(out, MAX_PATH_TEXT, "%.*s%s", (int)(MAX_PATH_TEXT - sizeof name), r->directory, name);
}

void run_task_path(char out[MAX_PATH_TEXT], const run *r, const char *key)
{
    keyed_path(out, r, "tasks", key);
}

void run_checkpoint_path(char out[MAX_PATH_TEXT], const run *r, const char *key)
{
    keyed_path(out, r, "checkpoints", key);
}

/* Names that a directory without config.cfg may hold: a start that was interrupted before config.cfg, its last step. */
static bool is_left_by_a_start(const char *name)
{
    static const char *const known[] = {".",    "..",     "tasks",       "checkpoints",   "claims",
                                        "jobs", "queued", "network.cfg", "data.checksum", "space.tmp"};
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
    TRY(file_check_place(path));
    int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0666);
    if (fd < 0) return status_fail(STATUS_IO, "cannot write into %s: %s", r->directory, strerror(errno));
    status result = file_write_bytes(fd, path, block, sizeof block);
    /* By the open file: another job that starts now may have removed its name. */
    if (!failed(result) && fsync(fd) != 0) result = status_fail(STATUS_IO, "cannot sync %s: %s", path, strerror(errno));
    close(fd);
    unlink(path);
    return status_in(result, "cannot write into %s", r->directory);
}

/* Is what the directory describes the plan of this job? */
static status stored_same(bool *same, const run *r, const char *name, const char *text)
{
    char path[RUN_PATH_BYTES], *stored;
    run_path(path, r, name);
    if (!file_exists(path)) {
        *same = false;
        return status_ok();
    }
    TRY(file_read_text(&stored, path));
    *same = strcmp(stored, text) == 0;
    free(stored);
    return status_ok();
}

static status describes_plan(bool *out, const run *r)
{
    bool config, network, data;
    TRY(stored_same(&config, r, "config.cfg", r->config_text));
    TRY(stored_same(&network, r, "network.cfg", r->network_text));
    TRY(stored_same(&data, r, "data.checksum", r->data_checksum));
    *out = config && network && data;
    return status_ok();
}

/* "tasks/000123.h5": version 0.1 named results by number. */
static bool is_of_format_1(const char *name)
{
    return strspn(name, "0123456789") == 6 && strcmp(name + 6, ".h5") == 0;
}

static status refuse_format_1(const run *r)
{
    char path[RUN_PATH_BYTES];
    run_path(path, r, "tasks");
    DIR *listing = opendir(path);
    if (listing == NULL)
        return errno == ENOENT ? status_ok() : status_fail(STATUS_IO, "cannot list %s: %s", path, strerror(errno));
    bool found = false;
    for (const struct dirent *entry; !found && (entry = readdir(listing)) != NULL;)
        found = is_of_format_1(entry->d_name);
    closedir(listing);
    if (!found) return status_ok();
    return status_fail(STATUS_CONFIG,
                       "%.200s was made by bitfront 0.1, which named results by number: read it with that version; to "
                       "train everything anew choose another --out directory, or remove its folder tasks",
                       r->directory);
}

static status write_texts(const run *r)
{
    char path[RUN_PATH_BYTES];
    run_path(path, r, "network.cfg");
    TRY(file_write_text(path, r->network_text));
    run_path(path, r, "data.checksum");
    TRY(file_write_text(path, r->data_checksum));
    run_path(path, r, "config.cfg"); /* last: it makes the directory a run */
    return file_write_text(path, r->config_text);
}

/* Those that are there stay. */
static status make_folders(const run *r)
{
    static const char *const folders[] = {"tasks", "checkpoints", "jobs"};
    char path[RUN_PATH_BYTES];
    for (size_t i = 0; i < sizeof folders / sizeof *folders; i++) {
        run_path(path, r, folders[i]);
        TRY(file_make_directory(path));
    }
    return status_ok();
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
        if (ours && !is_run(r)) {
            result = make_folders(r);
            if (!failed(result)) result = write_texts(r);
        }
    }
    claims_close(&start);
    return result;
}

/* Another plan from now on, unless another job works on the former one. */
static status change_plan(const run *r)
{
    claims lead;
    claim_token token;
    char holder[CLAIM_HOLDER];
    TRY(claims_open(&lead, r->directory, START_LEASE_SECONDS));
    status result = claims_take(&token, holder, &lead, RUN_LEAD);
    if (!failed(result) && token.text[0] == '\0')
        result =
            status_fail(STATUS_CONFIG,
                        "%.150s is at work in %.150s with another configuration, network or data set: wait for its "
                        "end, or choose another --out directory",
                        holder, r->directory);
    if (!failed(result)) result = write_texts(r);
    claims_close(&lead);
    return result;
}

static status open_directory(const run *r, bool *changed)
{
    *changed = false;
    if (!is_run(r)) {
        TRY(file_make_directory(r->directory));
        status vacant = check_free(r->directory);
        if (failed(vacant) && !is_run(r)) return vacant; /* else somebody made the run between the two questions */
    }
    TRY(check_room(r));
    if (!is_run(r)) TRY(make_run(r));
    TRY(refuse_format_1(r));
    TRY(make_folders(r));
    bool same;
    TRY(describes_plan(&same, r));
    *changed = !same;
    return same ? status_ok() : change_plan(r);
}

static status take_directory(run *out, const char *directory)
{
    memset(out, 0, sizeof *out);
    if (strlen(directory) + 64 > sizeof out->directory)
        return status_fail(STATUS_CONFIG, "the path of the run directory is too long: %.100s...", directory);
    snprintf(out->directory, sizeof out->directory, "%s", directory);
    return status_ok();
}

status run_open(run *out, const char *directory, const char *config_text, const char *network_text,
                const char *data_checksum, bool *changed)
{
    run r;
    TRY(take_directory(&r, directory));
    snprintf(r.data_checksum, sizeof r.data_checksum, "%s", data_checksum);
    snprintf(r.kernels, sizeof r.kernels, "unknown");
    snprintf(r.blas, sizeof r.blas, "unknown");
    snprintf(r.mpi, sizeof r.mpi, "unknown");
    r.config_text = strdup(config_text);
    r.network_text = strdup(network_text);
    status result = r.config_text != NULL && r.network_text != NULL ? open_directory(&r, changed)
                                                                    : status_fail(STATUS_MEMORY, "no memory for a run");
    if (failed(result))
        run_close(&r);
    else
        *out = r;
    return result;
}

status run_is_there(bool *out, const char *directory)
{
    run r;
    TRY(take_directory(&r, directory));
    *out = is_run(&r);
    return status_ok();
}

static status read_text(char **out, const run *r, const char *name)
{
    char path[RUN_PATH_BYTES];
    run_path(path, r, name);
    return file_read_text(out, path);
}

status run_open_read(run *out, const char *directory)
{
    run r;
    char path[RUN_PATH_BYTES], *checksum = NULL;
    TRY(take_directory(&r, directory));
    run_path(path, &r, "config.cfg");
    if (access(path, R_OK) != 0)
        return errno == ENOENT || errno == ENOTDIR
                   ? status_fail(STATUS_CONFIG, "%s is not a run directory: it has no config.cfg", directory)
                   : status_fail(file_fault(errno), "cannot read %s: %s", path, strerror(errno));
    TRY(refuse_format_1(&r));
    status s = read_text(&r.config_text, &r, "config.cfg");
    if (!failed(s)) s = read_text(&r.network_text, &r, "network.cfg");
    if (!failed(s)) s = read_text(&checksum, &r, "data.checksum");
    if (!failed(s) && strncmp(checksum, "sha256:", 7) != 0)
        s = status_fail(STATUS_DATA,
                        "%s/data.checksum holds no checksum: was it cut off? The sweep, run again, renews it",
                        directory);
    if (!failed(s)) snprintf(r.data_checksum, sizeof r.data_checksum, "%s", checksum);
    free(checksum);
    if (failed(s))
        run_close(&r);
    else
        *out = r;
    return s;
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
