#define _POSIX_C_SOURCE 200809L
/* Files and groups. A new file is built in memory (HDF5's "core" driver without backing store) and written by h5_close
 * in plain write calls: a full disk is then an ordinary error, where HDF5 itself would be left with a file that it can
 * neither flush nor close. A large one goes through the driver in h5_stream.c, for the same reason. Format bounds 1.8
 * ... 1.10: readable since HDF5 1.8. No object carries a time, so equal content gives equal bytes. */
#include "core/io/h5.h"

#include <errno.h>
#include <fcntl.h>
#include <hdf5.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "core/base/file.h"
#include "core/io/h5_internal.h"

enum { ERROR_TEXT = 256, GROWTH_BYTES = 1 << 16, MAX_NAME_BYTES = 1024, SMALL_BYTES = 1 << 20 };

/* At the end of what HDF5 takes for the name of a file that we have read for it. */
static const char IN_MEMORY[] = ".in-memory";

void h5_file_name(char *out, size_t room, h5_id where)
{
    char name[FILE_PATH + sizeof IN_MEMORY]; /* whole, or its end would not be found */
    if (H5Fget_name(where, name, sizeof name) <= 0) strcpy(name, "?");
    const size_t length = strlen(name), tail = strlen(IN_MEMORY);
    if (length > tail && strcmp(name + length - tail, IN_MEMORY) == 0) name[length - tail] = '\0';
    snprintf(out, room, "%s", name);
}

static herr_t keep_innermost(unsigned depth, const H5E_error2_t *entry, void *data)
{
    (void)depth;
    snprintf(data, ERROR_TEXT, "%s", entry->desc != NULL && entry->desc[0] != 0 ? entry->desc : "unknown HDF5 error");
    return 1; /* the first entry of an upward walk is the innermost: stop */
}

bool h5_innermost(char *out, size_t room)
{
    char text[ERROR_TEXT] = "";
    H5Ewalk2(H5E_DEFAULT, H5E_WALK_UPWARD, keep_innermost, text);
    const char *from = text[0] != 0 ? text : "no reason given by HDF5";
    /* Drivers write "..., errno = 28, error message = 'No space left on device', ...": the words are what helps. */
    char *words = strstr(text, "error message = '");
    if (words != NULL) {
        words += strlen("error message = '");
        words[strcspn(words, "'")] = 0;
        from = words;
    }
    snprintf(out, room, "%s", from);
    return words != NULL || text[0] == 0;
}

/* The file is at fault, unless the system said no. */
static status_code code_of(bool by_system, const char *reason)
{
    static const char *const memory[] = {"memory allocation failed", "Cannot allocate memory", "no space available"};
    for (size_t i = 0; i < sizeof memory / sizeof *memory; i++)
        if (strstr(reason, memory[i]) != NULL) return STATUS_MEMORY;
    return by_system ? STATUS_IO : STATUS_DATA;
}

bool h5_blames_file(void)
{
    char reason[ERROR_TEXT];
    const bool by_system = h5_innermost(reason, sizeof reason);
    return code_of(by_system, reason) == STATUS_DATA;
}

status h5_fail(h5_id where, const char *name, const char *action)
{
    char reason[ERROR_TEXT], file[160], group[96] = "";
    bool by_system = h5_innermost(reason, sizeof reason);
    TRY(h5_check(where)); /* a write that failed earlier is the cause */
    h5_file_name(file, sizeof file, where);
    if (H5Iget_name(where, group, sizeof group) < 0 || strcmp(group, "/") == 0) group[0] = 0;
    return status_fail(code_of(by_system, reason), "cannot %s '%s%s%s' in %s: %s", action, group,
                       group[0] != 0 ? "/" : "", name, file, reason);
}

const char *h5_library_version(void)
{
    static char text[32];
    unsigned major = 0, minor = 0, release = 0;
    H5get_libversion(&major, &minor, &release);
    snprintf(text, sizeof text, "%u.%u.%u", major, minor, release);
    return text;
}

/* Lists and spaces that are made once and stay: making one costs as much as an attribute. */
static hid_t kept(hid_t *id, hid_t made)
{
    if (made >= 0) *id = made;
    return made;
}

h5_id h5_kept_list(h5_id class)
{
    static hid_t group = -1, set = -1;
    hid_t *list = class == H5P_GROUP_CREATE ? &group : &set;
    return *list >= 0 ? *list : kept(list, h5_creation_list(class));
}

h5_id h5_scalar(void)
{
    static hid_t space = -1;
    return space >= 0 ? space : kept(&space, H5Screate(H5S_SCALAR));
}

h5_id h5_creation_list(h5_id class)
{
    hid_t list = H5Pcreate(class);
    if (list >= 0 && H5Pset_obj_track_times(list, 0) < 0) {
        H5Pclose(list);
        return -1;
    }
    return list;
}

static hid_t writing_access(bool large)
{
    hid_t list = H5Pcreate(H5P_FILE_ACCESS);
    if (list < 0) return -1;
    bool placed = large ? h5_stream_use(list) : H5Pset_fapl_core(list, GROWTH_BYTES, 0) >= 0;
    if (!placed || H5Pset_libver_bounds(list, H5F_LIBVER_EARLIEST, H5F_LIBVER_V110) < 0 ||
        H5Pset_fclose_degree(list, H5F_CLOSE_STRONG) < 0) {
        H5Pclose(list);
        return -1;
    }
    return list;
}

/* Values are read straight to where they are wanted: HDF5 would clear and fill 64 kB for every small data set.
 * Locks are for files that somebody writes in place. Ours appear by rename, and locks fail on some shared file systems.
 * From HDF5 1.10.7 on; with an older library the user sets HDF5_USE_FILE_LOCKING=FALSE (which, when set, always wins).
 */
static hid_t reading_access(void)
{
    hid_t list = H5Pcreate(H5P_FILE_ACCESS);
    if (list < 0) return -1;
    herr_t bad = H5Pset_fclose_degree(list, H5F_CLOSE_STRONG);
    if (bad >= 0) bad = H5Pset_sieve_buf_size(list, 0);
#if H5_VERSION_GE(1, 10, 7)
    if (bad >= 0) bad = H5Pset_file_locking(list, 0, 1);
#endif
    if (bad < 0) {
        H5Pclose(list);
        return -1;
    }
    return list;
}

/* The library as we want it: quiet, and alone. */
static void tame(void)
{
    H5Eset_auto2(H5E_DEFAULT, NULL, NULL);
    H5PLset_loading_state(0); /* no code from plug-ins, whatever a file asks for */
}

static status create(h5_id *out, const char *path, bool large)
{
    tame();
    if (strlen(path) >= MAX_NAME_BYTES)
        return status_fail(STATUS_IO, "cannot create %.200s...: the path is too long", path);
    /* Finds out at once whether the place can be written; h5_close writes the bytes. */
    int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0666);
    if (fd < 0) return status_fail(STATUS_IO, "cannot create %s: %s", path, strerror(errno));
    close(fd);

    status result = status_ok();
    hid_t properties = h5_creation_list(H5P_FILE_CREATE), access = writing_access(large);
    hid_t file = properties >= 0 && access >= 0 ? H5Fcreate(path, H5F_ACC_TRUNC, properties, access) : -1;
    if (file < 0) {
        char reason[ERROR_TEXT];
        h5_innermost(reason, sizeof reason);
        result = status_fail(STATUS_IO, "cannot create %s: %s", path, reason);
    } else {
        *out = file;
    }
    if (access >= 0) H5Pclose(access);
    if (properties >= 0) H5Pclose(properties);
    return result;
}

status h5_create(h5_id *out, const char *path)
{
    return create(out, path, false);
}

status h5_create_large(h5_id *out, const char *path)
{
    return create(out, path, true);
}

/* Why it could not be opened, in the words of its owner. */
static status refuse_file(const char *path)
{
    char reason[ERROR_TEXT];
    const status_code code = code_of(h5_innermost(reason, sizeof reason), reason);
    if (code != STATUS_DATA) return status_fail(code, "cannot open %s: %s", path, reason);
    if (H5Fis_hdf5(path) == 0)
        return status_fail(STATUS_DATA, "%s is not an HDF5 file (no HDF5 signature in it): check the path", path);
    return status_fail(code, "%s is a damaged or incomplete HDF5 file (%s): create it again", path, reason);
}

/* HDF5 wants a name of no file. */
static status open_image(h5_id *out, const char *path, char *bytes, size_t count)
{
    if (count == 0)
        return status_fail(STATUS_DATA, "%s is empty, not an HDF5 file: delete it and create it again", path);
    char name[FILE_PATH + sizeof IN_MEMORY];
    snprintf(name, sizeof name, "%s%s", path, IN_MEMORY);
    hid_t access = reading_access(), file = -1;
    status result = status_ok();
    if (access < 0 || H5Pset_fapl_core(access, GROWTH_BYTES, 0) < 0 || H5Pset_file_image(access, bytes, count) < 0)
        result = status_fail(STATUS_MEMORY, "no memory for the %zu bytes of %s", count, path);
    else if ((file = H5Fopen(name, H5F_ACC_RDONLY, access)) < 0)
        result = refuse_file(path);
    if (access >= 0) H5Pclose(access);
    if (!failed(result)) *out = file;
    return result;
}

/* We read, as HDF5 would call a file damaged that the system does not let it read. */
status h5_open_whole(h5_id *out, const char *path)
{
    tame();
    char *bytes = NULL;
    size_t count;
    TRY(file_read_bytes(&bytes, &count, path));
    status result = open_image(out, path, bytes, count);
    free(bytes);
    return result;
}

/* The file of a task is read once, not with hundreds of calls. */
status h5_open_read(h5_id *out, const char *path)
{
    tame();
    int fd;
    TRY(file_open_plain(&fd, path));
    const off_t size = lseek(fd, 0, SEEK_END);
    close(fd);
    if (size <= SMALL_BYTES) return h5_open_whole(out, path);
    hid_t access = reading_access(), file = access >= 0 ? H5Fopen(path, H5F_ACC_RDONLY, access) : -1;
    status result = file >= 0 ? status_ok() : refuse_file(path);
    if (access >= 0) H5Pclose(access);
    if (!failed(result)) *out = file;
    return result;
}

static status write_bytes(const char *path, const char *bytes, size_t count)
{
    int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0666);
    if (fd < 0) return status_fail(STATUS_IO, "cannot write %s: %s", path, strerror(errno));
    status result = file_write_bytes(fd, path, bytes, count);
    if (close(fd) != 0 && !failed(result))
        result = status_fail(STATUS_IO, "cannot write %s: %s", path, strerror(errno));
    return result;
}

/* The image of a file built in memory is the driver's own buffer: no second copy of a large data set. */
static status store(hid_t file, const char *path)
{
    if (H5Fflush(file, H5F_SCOPE_GLOBAL) < 0) return h5_fail(file, "/", "complete");
    ssize_t bytes = H5Fget_file_image(file, NULL, 0);
    if (bytes <= 0) return h5_fail(file, "/", "measure");
    void **image = NULL;
    if (H5Fget_vfd_handle(file, H5P_DEFAULT, (void **)&image) < 0) return h5_fail(file, "/", "reach");
    return write_bytes(path, *image, (size_t)bytes);
}

static bool is_new(hid_t file)
{
    unsigned intent = 0;
    return H5Fget_intent(file, &intent) >= 0 && (intent & H5F_ACC_RDWR) != 0;
}

status h5_close(h5_id file)
{
    status result = status_ok();
    char path[MAX_NAME_BYTES] = "";
    if (is_new(file)) {
        if (H5Fget_name(file, path, sizeof path) <= 0)
            result = h5_fail(file, "/", "find the path of");
        else if (h5_is_stream(file))
            return h5_stream_close(file, path);
        else
            result = store(file, path);
    }
    if (H5Fclose(file) < 0 && !failed(result)) {
        char reason[ERROR_TEXT];
        h5_innermost(reason, sizeof reason);
        result = status_fail(STATUS_IO, "cannot close HDF5 file %s: %s", path, reason);
    }
    return result;
}

void h5_discard(h5_id file)
{
    char path[MAX_NAME_BYTES] = "";
    if (is_new(file) && H5Fget_name(file, path, sizeof path) > 0) unlink(path);
    H5Fclose(file);
}

status h5_group(h5_id *out, h5_id parent, const char *name)
{
    if (h5_exists(parent, name)) return h5_group_open(out, parent, name);
    const hid_t create = h5_kept_list(H5P_GROUP_CREATE);
    hid_t group = create >= 0 ? H5Gcreate2(parent, name, H5P_DEFAULT, create, H5P_DEFAULT) : -1;
    status result = group >= 0 ? status_ok() : h5_fail(parent, name, "create group");
    if (group >= 0) *out = group;
    return result;
}

status h5_group_open(h5_id *out, h5_id parent, const char *name)
{
    TRY(h5_guard_there(parent, name, "group"));
    hid_t group = H5Gopen2(parent, name, H5P_DEFAULT);
    if (group < 0) return h5_fail(parent, name, "open group");
    *out = group;
    return status_ok();
}

void h5_group_close(h5_id group)
{
    H5Gclose(group);
}

bool h5_exists(h5_id parent, const char *name)
{
    return h5_guard_path(parent, name) != H5_PATH_MISSING;
}

status h5_copy(h5_id to, const char *name, h5_id from, const char *source)
{
    if (H5Ocopy(from, source, to, name, H5P_DEFAULT, H5P_DEFAULT) < 0) return h5_fail(to, name, "copy to");
    return status_ok();
}
