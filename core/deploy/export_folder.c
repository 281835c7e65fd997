#define _POSIX_C_SOURCE 200809L
#include "core/deploy/export_folder.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "core/base/file.h"

status export_folder_open(export_folder *out, const char *path)
{
    *out = (export_folder){.count = 0};
    size_t length = strlen(path);
    while (length > 1 && path[length - 1] == '/') length--;
    if (length == 0 || length >= sizeof out->path)
        return status_fail(STATUS_CONFIG, "the path of the folder to write has to have 1 to %d characters",
                           EXPORT_PATH - 1);
    memcpy(out->path, path, length);
    struct stat there;
    if (lstat(out->path, &there) == 0) /* also a link that leads nowhere */
        return status_fail(STATUS_CONFIG, "%s is there already: remove it, or name another folder", out->path);
    char parent[EXPORT_PATH], temporary[FILE_PATH];
    snprintf(parent, sizeof parent, "%s", out->path);
    char *slash = strrchr(parent, '/');
    if (slash != NULL && slash != parent) {
        *slash = '\0';
        TRY(file_make_directory(parent));
    }
    TRY(file_directory_beside(temporary, out->path));
    snprintf(out->temporary, sizeof out->temporary, "%.*s", EXPORT_PATH + 31, temporary);
    return status_ok();
}

const char *export_folder_path(char out[EXPORT_PATH + 64], export_folder *f, const char *name)
{
    snprintf(out, EXPORT_PATH + 64, "%s/%s", f->temporary, name);
    snprintf(f->names[f->count++], EXPORT_NAME, "%s", name);
    return out;
}

status export_folder_text(export_folder *f, const char *name, const char *text)
{
    return export_folder_bytes(f, name, text, strlen(text));
}

status export_folder_bytes(export_folder *f, const char *name, const void *bytes, size_t count)
{
    char path[EXPORT_PATH + 64];
    export_folder_path(path, f, name);
    const int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0666);
    if (fd < 0) return status_fail(STATUS_IO, "cannot create %s: %s", path, strerror(errno));
    status s = file_write_bytes(fd, path, bytes, count);
    if (close(fd) != 0 && !failed(s)) s = status_fail(STATUS_IO, "cannot close %s: %s", path, strerror(errno));
    if (!failed(s)) s = file_sync(path);
    return s;
}

status export_folder_publish(export_folder *f)
{
    struct stat there;
    const status s = file_rename(f->temporary, f->path);
    if (!failed(s) || lstat(f->path, &there) != 0) return s;
    return status_fail(STATUS_CONFIG, "%s was made by somebody else meanwhile: name another folder", f->path);
}

void export_folder_discard(export_folder *f)
{
    char path[EXPORT_PATH + 64];
    for (int i = 0; i < f->count; i++) {
        snprintf(path, sizeof path, "%s/%s", f->temporary, f->names[i]);
        unlink(path);
    }
    if (f->temporary[0] != '\0') rmdir(f->temporary);
}

status export_text_open(export_text *t)
{
    *t = (export_text){.out = NULL};
    t->out = open_memstream(&t->text, &t->length);
    return t->out != NULL ? status_ok() : status_fail(STATUS_MEMORY, "no memory for a text");
}

status export_text_close(export_text *t)
{
    const bool complete = ferror(t->out) == 0;
    if (fclose(t->out) == 0 && complete) return status_ok();
    free(t->text);
    return status_fail(STATUS_MEMORY, "no memory for a text");
}
