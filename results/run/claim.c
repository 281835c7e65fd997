#define _POSIX_C_SOURCE 200809L
#include "results/run/claim.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <unistd.h>

#include "core/base/clock.h"
#include "core/base/file.h"
#include "core/base/number.h"

enum { PATH_BYTES = MAX_PATH_TEXT + 128, ATTEMPTS = 4 };

/* The claims of others that were seen last, the latest of more than fit. */
enum { WATCHED = 512 };
struct claim_watch {
    struct {
        char name[CLAIM_NAME];
        struct timespec renewed;
        ino_t inode;
        double since, looked; /* s, clock_seconds: unchanged since then; seen last */
    } seen[WATCHED];
};

static void path_of(char out[PATH_BYTES], const claims *c, const char *name)
{
    snprintf(out, PATH_BYTES, "%s/%s", c->directory, name);
}

/* Names that nobody else uses: they begin with a point and our owner, and are in the same directory. */
static void own_path(char out[PATH_BYTES], const claims *c, const char *purpose)
{
    snprintf(out, PATH_BYTES, "%s/.%s.%s", c->directory, c->owner, purpose);
}

static double seconds_of(struct timespec t)
{
    return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

/* ---- files ---- */

static status write_new(const char *path, const char *text)
{
    int fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0666);
    if (fd < 0) return status_fail(STATUS_IO, "cannot create the claim %s: %s", path, strerror(errno));
    status written = file_write_bytes(fd, path, text, strlen(text));
    if (close(fd) != 0 && !failed(written))
        written = status_fail(STATUS_IO, "cannot write the claim %s: %s", path, strerror(errno));
    if (failed(written)) unlink(path);
    return written;
}

/* What the file system takes for now. */
static status now_there(double *out, const claims *c)
{
    char path[PATH_BYTES];
    own_path(path, c, "clock");
    int fd = open(path, O_WRONLY | O_CREAT | O_CLOEXEC, 0666);
    struct stat info;
    bool bad = fd < 0 || futimens(fd, NULL) != 0 || fstat(fd, &info) != 0;
    int why = errno;
    if (fd >= 0) close(fd);
    if (bad) return status_fail(STATUS_IO, "cannot read the clock of %s: %s", c->directory, strerror(why));
    *out = seconds_of(info.st_mtim);
    return status_ok();
}

/* Removes the claim if it still is the one of `token`: takes it away under a name of our own, looks, and puts back what
 * is somebody else's. Should a third one have taken the free name in between, the displaced owner finds out at its next
 * question; nothing is published twice (see the header). */
static status remove_claim(const claims *c, const char *path, const char *token)
{
    char aside[PATH_BYTES];
    own_path(aside, c, "aside");
    if (rename(path, aside) != 0 && errno != ENOENT)
        return status_fail(STATUS_IO, "cannot take over the claim %s: %s", path, strerror(errno));
    bool there;
    claim_file moved;
    TRY(claim_file_read(&there, &moved,
                        aside)); /* also when a repeated request said that there was nothing to rename */
    if (!there) return status_ok();
    if (!claim_file_has_token(moved.text, token) && link(aside, path) != 0 && errno != EEXIST)
        return status_fail(STATUS_IO, "cannot put back the claim %s: %s", path, strerror(errno));
    unlink(aside);
    return status_ok();
}

/* Exactly one of all that try succeeds. */
static status link_new(bool *done, claims *c, const char *path, const claim_token *token)
{
    char fresh[PATH_BYTES], text[CLAIM_TEXT];
    own_path(fresh, c, "new");
    unlink(fresh);
    snprintf(text, sizeof text, "token %s\n%s", token->text, c->head);
    TRY(write_new(fresh, text));
    status linked = file_link(done, fresh, path);
    /* Another job takes it for a leftover when we were stopped for longer than its lease: then nothing was done. */
    if (failed(linked) && !file_exists(fresh)) return status_ok();
    unlink(fresh);
    return linked;
}

/* ---- what this job holds ---- */

static struct claim_held *find_held(const claims *c, const char *name)
{
    for (int i = 0; i < c->held_count; i++)
        if (strcmp(c->held[i].name, name) == 0) return &c->held[i];
    return NULL;
}

static void forget(claims *c, struct claim_held *held)
{
    *held = c->held[--c->held_count];
}

static status make_room(claims *c)
{
    if (c->held_count < c->held_room) return status_ok();
    int room = c->held_room > 0 ? 2 * c->held_room : 16;
    struct claim_held *more = realloc(c->held, (size_t)room * sizeof *more);
    if (more == NULL) return status_fail(STATUS_MEMORY, "no memory for %d claims", room);
    c->held = more;
    c->held_room = room;
    return status_ok();
}

/* ---- the interface ---- */

/* "KEY.h5.tmp-TOKEN" belongs to who holds the task by that token; *known says that it is such a name. */
static bool has_right(bool *known, const char *run_directory, const char *name)
{
    claim_token token = {""};
    char key[CLAIM_NAME];
    const char *mark = strstr(name, ".tmp-"), *point = strchr(name, '.');
    *known = mark != NULL && point == name + TASK_KEY - 1 && strspn(name, "0123456789abcdef") == TASK_KEY - 1;
    if (!*known) return false;
    snprintf(key, sizeof key, "%.32s", name);
    snprintf(token.text, sizeof token.text, "%s", mark + strlen(".tmp-"));
    claim_fence fence = claim_fence_of(run_directory, key, &token);
    return claim_fence_check(&fence).code != STATUS_LOST; /* what nobody can tell stays */
}

/* Shapes of our own temporary files: of takings (.OWNER.purpose, in claims), and NAME.tmp-... beside what they would
 * have become. `name` is in `folder` of the run. */
static bool is_temporary(const char *folder, const char *name)
{
    enum { OWNER_DIGITS = CLAIM_OWNER - 1, KEY_DIGITS = TASK_KEY - 1 };
    static const char hexadecimal[] = "0123456789abcdef";
    static const char *const purposes[] = {"clock", "aside", "new"};
    const char *mark = strstr(name, ".tmp-");
    if (strcmp(folder, "claims") == 0) {
        if (name[0] != '.' || strspn(name + 1, hexadecimal) != OWNER_DIGITS || name[1 + OWNER_DIGITS] != '.')
            return false;
        for (size_t i = 0; i < sizeof purposes / sizeof *purposes; i++)
            if (strcmp(name + 2 + OWNER_DIGITS, purposes[i]) == 0) return true;
        return false;
    }
    if (strcmp(folder, ".") == 0 && strcmp(name, "space.tmp") == 0) return true;   /* of a job that starts */
    if (strcmp(folder, "tasks") == 0 && strspn(name, hexadecimal) == KEY_DIGITS && /* of bitfront merge */
        strncmp(name + KEY_DIGITS, ".h5.merge-", 10) == 0)
        return strlen(name) > 4 && strcmp(name + strlen(name) - 4, ".tmp") == 0;
    /* A token, "alone", or a number. */
    if (mark == NULL || strspn(mark + 5, "0123456789abcdefghijklmnopqrstuvwxyz.") != strlen(mark + 5)) return false;
    const size_t length = (size_t)(mark - name);
    if (strcmp(folder, ".") == 0) {
        static const char *const ours[] = {"status.json", "results.h5",  "results.index",
                                           "config.cfg",  "network.cfg", "data.checksum"};
        for (size_t i = 0; i < sizeof ours / sizeof *ours; i++)
            if (strlen(ours[i]) == length && strncmp(ours[i], name, length) == 0) return true;
        return false;
    }
    if (strcmp(folder, "jobs") == 0)
        return strspn(name, hexadecimal) == OWNER_DIGITS && strncmp(name + OWNER_DIGITS, ".json.tmp-", 10) == 0;
    return strspn(name, hexadecimal) == KEY_DIGITS && strncmp(name + KEY_DIGITS, ".h5.tmp-", 8) == 0;
}

/* Removes what was left in one folder by jobs that were killed. */
static status clean_folder(const claims *c, const char *folder, double now)
{
    char directory[PATH_BYTES], path[PATH_BYTES];
    snprintf(directory, sizeof directory, "%.*s/%s", (int)(strlen(c->directory) - strlen("/claims")), c->directory,
             folder);
    DIR *listing = opendir(directory);
    if (listing == NULL && errno == ENOENT) return status_ok();
    if (listing == NULL) return status_fail(STATUS_IO, "cannot list %s: %s", directory, strerror(errno));
    directory[strlen(directory) - strlen(folder)] = '\0'; /* the run's, with its slash */
    for (const struct dirent *entry; (entry = readdir(listing)) != NULL;) {
        bool known;
        if (!is_temporary(folder, entry->d_name)) continue;
        struct stat info;
        snprintf(path, sizeof path, "%s%s/%.100s", directory, folder, entry->d_name);
        if (has_right(&known, directory, entry->d_name)) continue;
        /* As far in the future as in the past: left by a machine whose clock was wrong. */
        if (known || (stat(path, &info) == 0 && fabs(now - seconds_of(info.st_mtim)) > c->lease)) unlink(path);
    }
    closedir(listing);
    return status_ok();
}

/* Claims of jobs that are known to be dead: on what nobody will ask for again, such as a task whose result was
 * published just before, they would stay for ever. */
static status clean_dead(const claims *c)
{
    DIR *listing = opendir(c->directory);
    if (listing == NULL) return status_fail(STATUS_IO, "cannot list %s: %s", c->directory, strerror(errno));
    status result = status_ok();
    for (const struct dirent *entry; !failed(result) && (entry = readdir(listing)) != NULL;) {
        char path[PATH_BYTES], token[CLAIM_TOKEN];
        bool there;
        claim_file found;
        if (entry->d_name[0] == '.' || strlen(entry->d_name) >= CLAIM_NAME) continue;
        path_of(path, c, entry->d_name);
        result = claim_file_read(&there, &found, path);
        if (failed(result) || !there || !claim_holder_is_dead(found.text)) continue;
        claim_file_value(token, sizeof token, found.text, "token");
        result = remove_claim(c, path, token);
    }
    closedir(listing);
    return result;
}

status claims_clean(const claims *c)
{
    static const char *const folders[] = {"claims", "tasks", "checkpoints", "jobs", "."};
    double now;
    TRY(now_there(&now, c));
    for (size_t i = 0; i < sizeof folders / sizeof *folders; i++) TRY(clean_folder(c, folders[i], now));
    return clean_dead(c);
}

/* Tasks are claimed by their keys. */
status claims_count_tasks(int *count, const claims *c)
{
    DIR *listing = opendir(c->directory);
    if (listing == NULL) return status_fail(STATUS_IO, "cannot list %s: %s", c->directory, strerror(errno));
    *count = 0;
    for (const struct dirent *entry; (entry = readdir(listing)) != NULL;)
        if (strlen(entry->d_name) == TASK_KEY - 1 && strspn(entry->d_name, "0123456789abcdef") == TASK_KEY - 1)
            (*count)++;
    closedir(listing);
    return status_ok();
}

status claims_open(claims *out, const char *run_directory, double lease)
{
    claims c = {.lease = lease, .next = 1};
    unsigned char random[(CLAIM_OWNER - 1) / 2];
    if (snprintf(c.directory, sizeof c.directory, "%s/claims", run_directory) >= (int)sizeof c.directory)
        return status_fail(STATUS_CONFIG, "the path of the run directory is too long: %.100s...", run_directory);
    TRY(file_make_directory(c.directory));
    if (getrandom(random, sizeof random, 0) != (ssize_t)sizeof random)
        return status_fail(STATUS_IO, "the system gives no random numbers: %s", strerror(errno));
    for (size_t i = 0; i < sizeof random; i++) snprintf(c.owner + 2 * i, 3, "%02x", random[i]);
    claim_holder_self(c.head);
    c.watch = calloc(1, sizeof *c.watch);
    if (c.watch == NULL) return status_fail(STATUS_MEMORY, "no memory to watch claims");
    *out = c;
    return status_ok();
}

void claims_describe(char out[CLAIM_HOLDER], const claims *c)
{
    claim_holder_name(out, c->head);
}

void claims_close(claims *c)
{
    while (c->held_count > 0) claims_release(c, c->held[c->held_count - 1].name);
    char path[PATH_BYTES];
    own_path(path, c, "clock");
    unlink(path);
    free(c->watch);
    c->watch = NULL;
    free(c->held);
    c->held = NULL;
    c->held_room = 0;
}

/* For how long a claim has been the same while we watched, s. */
static double unchanged_for(const claims *c, const char *path, const claim_file *found)
{
    const char *slash = strrchr(path, '/'), *name = slash != NULL ? slash + 1 : path;
    const double now = clock_seconds();
    int at = 0;
    for (int i = 0; i < WATCHED; i++) {
        if (strcmp(c->watch->seen[i].name, name) == 0) {
            at = i;
            break;
        }
        if (c->watch->seen[i].looked < c->watch->seen[at].looked) at = i;
    }
    bool same = strcmp(c->watch->seen[at].name, name) == 0 && c->watch->seen[at].inode == found->inode &&
                seconds_of(c->watch->seen[at].renewed) == seconds_of(found->renewed);
    if (!same) {
        snprintf(c->watch->seen[at].name, CLAIM_NAME, "%s", name);
        c->watch->seen[at].inode = found->inode;
        c->watch->seen[at].renewed = found->renewed;
        c->watch->seen[at].since = now;
    }
    c->watch->seen[at].looked = now;
    return now - c->watch->seen[at].since;
}

/* *breakable: the claim has outlived its owner. */
static status judge(bool *breakable, const claims *c, const char *path, const claim_file *found)
{
    *breakable = claim_holder_is_dead(found->text) || unchanged_for(c, path, found) > c->lease;
    if (*breakable) return status_ok();
    double now;
    TRY(now_there(&now, c));
    *breakable = now - seconds_of(found->renewed) > c->lease;
    return status_ok();
}

status claims_is_free(bool *out, const claims *c, const char *name)
{
    char path[PATH_BYTES];
    bool there;
    claim_file found;
    path_of(path, c, name);
    TRY(claim_file_read(&there, &found, path));
    *out = !there;
    return there ? judge(out, c, path, &found) : status_ok();
}

/* Takes what is free, or what may be broken. */
static status take_once(bool *done, bool *again, char holder[CLAIM_HOLDER], claims *c, const char *path,
                        const claim_token *token)
{
    bool there, breakable;
    claim_file found;
    *again = false;
    TRY(link_new(done, c, path, token));
    if (*done) return status_ok();
    TRY(claim_file_read(&there, &found, path));
    *again = true; /* it went away in between: anybody's */
    if (!there) return status_ok();
    claim_holder_name(holder, found.text);
    TRY(judge(&breakable, c, path, &found));
    *again = breakable;
    if (!breakable) return status_ok();
    /* Renewed or taken by somebody else since it was judged? */
    claim_file latest;
    TRY(claim_file_read(&there, &latest, path));
    char judged[CLAIM_TOKEN];
    claim_file_value(judged, sizeof judged, found.text, "token");
    bool same = there && strcmp(latest.text, found.text) == 0 &&
                seconds_of(latest.renewed) == seconds_of(found.renewed) && latest.inode == found.inode;
    return same ? remove_claim(c, path, judged) : status_ok();
}

status claims_take(claim_token *token, char holder[CLAIM_HOLDER], claims *c, const char *name)
{
    char path[PATH_BYTES];
    path_of(path, c, name);
    token->text[0] = holder[0] = '\0';
    struct claim_held *held = find_held(c, name);
    if (held != NULL) {
        claim_token old = held->token;
        forget(c, held);
        TRY(remove_claim(c, path, old.text));
    }
    TRY(make_room(c));
    claim_token fresh;
    snprintf(fresh.text, sizeof fresh.text, "%s.%lu", c->owner, c->next++);
    bool done = false, again = true;
    for (int i = 0; i < ATTEMPTS && again && !done; i++) TRY(take_once(&done, &again, holder, c, path, &fresh));
    if (!done) return status_ok();
    holder[0] = '\0';
    *token = fresh;
    struct claim_held *entry = &c->held[c->held_count++];
    snprintf(entry->name, sizeof entry->name, "%s", name);
    entry->token = fresh;
    return status_ok();
}

/* *ours = false: it was lost. What is renewed is what was read, whatever the name means by then. */
static status renew_one(bool *ours, const claims *c, const struct claim_held *held)
{
    char path[PATH_BYTES], text[CLAIM_TEXT];
    path_of(path, c, held->name);
    *ours = false;
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    if (fd < 0 && (errno == ENOENT || errno == ESTALE)) return status_ok();
    if (fd < 0) return status_fail(STATUS_IO, "cannot open the claim %s: %s", path, strerror(errno));
    ssize_t got = read(fd, text, sizeof text - 1);
    bool bad = got < 0;
    text[got > 0 ? got : 0] = '\0';
    *ours = claim_file_has_token(text, held->token.text);
    if (*ours && futimens(fd, NULL) != 0) bad = true;
    int why = errno;
    close(fd);
    if (bad && why == ESTALE) {
        *ours = false;
        return status_ok();
    }
    return bad ? status_fail(STATUS_IO, "cannot renew the claim %s: %s", path, strerror(why)) : status_ok();
}

status claims_renew(claims *c)
{
    for (int i = c->held_count - 1; i >= 0; i--) {
        bool ours;
        TRY(renew_one(&ours, c, &c->held[i]));
        if (!ours) forget(c, &c->held[i]);
    }
    return status_ok();
}

bool claims_has(const claims *c, const char *name)
{
    return find_held(c, name) != NULL;
}

void claims_release(claims *c, const char *name)
{
    struct claim_held *held = find_held(c, name);
    if (held == NULL) return;
    char path[PATH_BYTES];
    path_of(path, c, name);
    claim_token token = held->token;
    forget(c, held);
    /* What cannot be removed now is broken by the next one. */
    status removed = remove_claim(c, path, token.text);
    (void)removed;
}
