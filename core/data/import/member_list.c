#define _POSIX_C_SOURCE 200809L
#include "core/data/import/member_list.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "core/base/file.h"
#include "core/data/archive.h"

enum { MOST_MEMBER_BYTES = 1 << 28, MOST_NAME = 4095 };

/* What stands before each member's name and bytes. Written and read by one machine's ranks in one run. */
typedef struct {
    uint32_t name, size; /* bytes */
} member_head;

/* ---- the file ---- */

static status failure(const member_list *l, const char *what)
{
    return status_fail(STATUS_IO, "cannot %s %s: %s", what, l->path, strerror(errno));
}

static status store(const member_list *l, const char *name, const uint8_t *bytes, size_t size)
{
    const member_head head = {(uint32_t)strlen(name), (uint32_t)size};
    TRY(file_write_bytes(l->fd, l->path, &head, sizeof head));
    TRY(file_write_bytes(l->fd, l->path, name, head.name));
    return file_write_bytes(l->fd, l->path, bytes, size);
}

/* The reader's name of a member is valid until it reads on. */
static status take(const member_list *l, archive *a, const char *name)
{
    char kept[MOST_NAME + 1];
    uint8_t *bytes;
    size_t size;
    if (snprintf(kept, sizeof kept, "%s", name) > MOST_NAME)
        return status_fail(STATUS_DATA, "%.300s has a path that is too long: %.60s...", a->path, name);
    TRY(archive_read(&bytes, &size, a, MOST_MEMBER_BYTES));
    status s = store(l, kept, bytes, size);
    free(bytes);
    return s;
}

static status take_wanted(const member_list *l, const import_request *r, archive *a, bool (*wanted)(const char *name))
{
    const char *name;
    for (long taken = 0;;) {
        TRY(archive_next(a, &name));
        if (name == NULL) return status_ok();
        if (!wanted(name)) continue;
        TRY(take(l, a, name));
        import_progress(r, "unpacking files", ++taken, 0);
    }
}

static status unpack(member_list *l, const import_request *r, const char *path, bool (*wanted)(const char *name))
{
    archive a;
    TRY(archive_open(&a, path));
    status s = file_check_place(l->path);
    if (!failed(s)) {
        l->fd = open(l->path, O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC, 0666);
        l->remove = l->fd >= 0;
        s = l->fd >= 0 ? take_wanted(l, r, &a, wanted) : failure(l, "write");
    }
    archive_close(&a);
    return s;
}

/* ---- the list ---- */

static status read_at(const member_list *l, void *out, size_t bytes, uint64_t at)
{
    for (size_t done = 0; done < bytes;) {
        ssize_t got = pread(l->fd, (char *)out + done, bytes - done, (off_t)(at + done));
        if (got < 0 && errno == EINTR) continue;
        if (got < 0) return failure(l, "read");
        if (got == 0) return status_fail(STATUS_DATA, "%s has become shorter", l->path);
        done += (size_t)got;
    }
    return status_ok();
}

static status grow(member_list *l)
{
    if (l->count < l->room) return status_ok();
    int room = l->room + l->room / 4 + 1024;
    member *more = realloc(l->members, (size_t)room * sizeof *more);
    if (more == NULL) return status_fail(STATUS_MEMORY, "no memory for a list of %d files", room);
    l->members = more;
    l->room = room;
    return status_ok();
}

static status list_member(member_list *l, uint64_t *at)
{
    member_head head;
    char name[MOST_NAME + 1];
    TRY(read_at(l, &head, sizeof head, *at));
    if (head.name > MOST_NAME) return status_fail(STATUS_DATA, "%s is damaged", l->path);
    TRY(read_at(l, name, head.name, *at + sizeof head));
    name[head.name] = '\0';
    TRY(grow(l));
    const uint64_t bytes = *at + sizeof head + head.name;
    l->members[l->count] = (member){strdup(name), bytes, head.size};
    if (l->members[l->count].name == NULL) return status_fail(STATUS_MEMORY, "no memory for the name of a file");
    l->count++;
    *at = bytes + head.size;
    return status_ok();
}

static int compare_members(const void *a, const void *b)
{
    return strcmp(((const member *)a)->name, ((const member *)b)->name);
}

static status list_members(member_list *l, const char *path)
{
    if (l->fd < 0) l->fd = open(l->path, O_RDONLY | O_CLOEXEC);
    if (l->fd < 0) return failure(l, "read");
    const off_t end = lseek(l->fd, 0, SEEK_END);
    for (uint64_t at = 0; at < (uint64_t)end;) TRY(list_member(l, &at));
    if (l->count > 0) qsort(l->members, (size_t)l->count, sizeof *l->members, compare_members);
    for (int i = 1; i < l->count; i++)
        if (strcmp(l->members[i - 1].name, l->members[i].name) == 0)
            return status_fail(STATUS_DATA, "%.300s has the file %.200s twice", path, l->members[i].name);
    return status_ok();
}

static status name_file(member_list *l, const char *output)
{
    const size_t room = strlen(output) + sizeof ".members";
    l->path = malloc(room);
    if (l->path == NULL) return status_fail(STATUS_MEMORY, "no memory to prepare %.200s", output);
    snprintf(l->path, room, "%s.members", output);
    return status_ok();
}

static status read_on_all(member_list *l, const import_request *r, const char *path, bool (*wanted)(const char *name))
{
    const import_ranks *ranks = import_who(r);
    status s = name_file(l, r->output);
    if (!failed(s) && ranks->rank == 0) s = unpack(l, r, path, wanted);
    TRY(import_ranks_agree(ranks, s));
    return import_ranks_agree(ranks, list_members(l, path));
}

status member_list_read(member_list *out, const import_request *r, const char *path, bool (*wanted)(const char *name))
{
    member_list l = {.fd = -1};
    status s = read_on_all(&l, r, path, wanted);
    if (failed(s))
        member_list_free(&l);
    else
        *out = l;
    return s;
}

void member_list_free(member_list *l)
{
    for (int i = 0; i < l->count; i++) free(l->members[i].name);
    free(l->members);
    if (l->remove) unlink(l->path);
    if (l->fd >= 0) close(l->fd);
    free(l->path);
    *l = (member_list){.fd = -1};
}

/* ---- reading ---- */

status member_bytes(uint8_t **out, size_t *size, const member_list *l, int i)
{
    const member *m = &l->members[i];
    uint8_t *bytes = malloc((size_t)m->size + 1);
    if (bytes == NULL) return status_fail(STATUS_MEMORY, "no memory for %s", m->name);
    status s = read_at(l, bytes, m->size, m->at);
    if (failed(s)) {
        free(bytes);
        return s;
    }
    bytes[m->size] = '\0';
    *out = bytes;
    *size = m->size;
    return s;
}

int member_list_from(const member_list *l, const char *name)
{
    int low = 0, high = l->count;
    while (low < high) {
        int middle = low + (high - low) / 2;
        if (strcmp(l->members[middle].name, name) < 0)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

int member_list_find(const member_list *l, const char *name)
{
    int i = member_list_from(l, name);
    return i < l->count && strcmp(l->members[i].name, name) == 0 ? i : -1;
}
