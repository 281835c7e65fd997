#define _POSIX_C_SOURCE 200809L
/* What lies in a group. */
#include <hdf5.h>
#include <stdlib.h>
#include <string.h>

#include "core/io/h5.h"
#include "core/io/h5_internal.h"

#if H5_VERSION_GE(1, 12, 0)
typedef H5O_token_t place;
#else
typedef haddr_t place;
#endif

typedef struct {
    const char *name;
    bool link; /* leads elsewhere, and is not followed */
    place at;
} member;

struct h5_members {
    hid_t group;
    member *list; /* (count), in increasing byte order of the names */
    size_t count, room;
    bool no_memory;
};

static place place_of(const H5L_info_t *info)
{
#if H5_VERSION_GE(1, 12, 0)
    return info->u.token;
#else
    return info->u.address;
#endif
}

static hid_t open_place(hid_t group, place at)
{
#if H5_VERSION_GE(1, 12, 0)
    return H5Oopen_by_token(group, at);
#else
    return H5Oopen_by_addr(group, at);
#endif
}

static bool add_member(h5_members *m, const char *name, const H5L_info_t *info)
{
    if (m->count == m->room) {
        const size_t room = m->room * 2 + 16;
        member *more = realloc(m->list, room * sizeof *more);
        if (more == NULL) return false;
        m->list = more;
        m->room = room;
    }
    member added = {.name = strdup(name), .link = info->type != H5L_TYPE_HARD};
    if (added.name == NULL) return false;
    if (!added.link) added.at = place_of(info);
    m->list[m->count++] = added;
    return true;
}

static herr_t collect(hid_t group, const char *name, const H5L_info_t *info, void *data)
{
    (void)group;
    h5_members *m = data;
    m->no_memory = !add_member(m, name, info);
    return m->no_memory ? -1 : 0;
}

static status collect_all(h5_members *m)
{
    if (H5Literate(m->group, H5_INDEX_NAME, H5_ITER_INC, NULL, collect, m) >= 0) return status_ok();
    return m->no_memory ? status_fail(STATUS_MEMORY, "no memory for the names of an HDF5 group")
                        : h5_fail(m->group, ".", "list");
}

static void free_list(h5_members *m)
{
    for (size_t i = 0; i < m->count; i++) free((char *)m->list[i].name);
    free(m->list);
}

void h5_members_free(h5_members *m)
{
    if (m == NULL) return;
    free_list(m);
    if (m->group >= 0) h5_group_close(m->group);
    free(m);
}

status h5_members_new(h5_members **out, h5_id parent, const char *group)
{
    *out = NULL;
    h5_members *m = calloc(1, sizeof *m);
    if (m == NULL) return status_fail(STATUS_MEMORY, "no memory for the names of an HDF5 group");
    m->group = -1;
    status result = h5_group_open(&m->group, parent, group);
    if (!failed(result)) result = collect_all(m);
    if (failed(result))
        h5_members_free(m);
    else
        *out = m;
    return result;
}

size_t h5_members_count(const h5_members *m)
{
    return m->count;
}

const char *h5_members_name(const h5_members *m, size_t i)
{
    return m->list[i].name;
}

/* HDF5 does not know how a member is called that was opened by its place. */
static struct {
    hid_t id;
    const char *name;
} opened = {-1, NULL};

const char *h5_called(h5_id parent, const char *name)
{
    return opened.name != NULL && parent == opened.id && strcmp(name, ".") == 0 ? opened.name : name;
}

static int compare_name(const void *name, const void *of)
{
    return strcmp(name, ((const member *)of)->name);
}

status h5_member_open(h5_id *out, const h5_members *m, const char *name)
{
    const member *found = m->count > 0 ? bsearch(name, m->list, m->count, sizeof *m->list, compare_name) : NULL;
    if (found == NULL || found->link) {
        TRY(h5_guard_there(m->group, name, "object")); /* says where, and what to do */
        return status_fail(STATUS_DATA, "'%.200s' cannot be opened", name);
    }
    hid_t object = open_place(m->group, found->at);
    if (object < 0) return h5_fail(m->group, name, "open");
    opened.id = *out = object;
    opened.name = found->name;
    return status_ok();
}

void h5_member_close(h5_id object)
{
    if (object == opened.id) opened.name = NULL;
    H5Oclose(object);
}

/* The names of all members, in one piece of memory. */
static char **pack_names(const h5_members *m)
{
    size_t bytes = m->count * sizeof(char *) + 1;
    for (size_t i = 0; i < m->count; i++) bytes += strlen(m->list[i].name) + 1;
    char **names = malloc(bytes);
    char *text = names != NULL ? (char *)(names + m->count) : NULL;
    for (size_t i = 0; i < m->count && names != NULL; i++) {
        names[i] = strcpy(text, m->list[i].name);
        text += strlen(text) + 1;
    }
    return names;
}

status h5_list(char ***out, size_t *count, h5_id parent)
{
    h5_members m = {.group = parent};
    status result = collect_all(&m);
    char **names = failed(result) ? NULL : pack_names(&m);
    if (!failed(result) && names == NULL)
        result = status_fail(STATUS_MEMORY, "no memory for %zu names of an HDF5 group", m.count);
    free_list(&m);
    if (failed(result)) return result;
    *out = names;
    *count = m.count;
    return status_ok();
}
