#define _POSIX_C_SOURCE 200809L
#include "results/file/claim_file.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

void claim_file_value(char *out, size_t room, const char *text, const char *key)
{
    size_t length = strlen(key);
    out[0] = '\0';
    for (const char *line = text; line != NULL && *line != '\0';) {
        const char *end = strchr(line, '\n');
        if (strncmp(line, key, length) == 0 && line[length] == ' ') {
            size_t bytes = end != NULL ? (size_t)(end - line) - length - 1 : strlen(line) - length - 1;
            snprintf(out, room, "%.*s", (int)bytes, line + length + 1);
            return;
        }
        line = end != NULL ? end + 1 : NULL;
    }
}

/* Opening asks the server, where a mere stat may answer from a cache of a minute (NFS). */
status claim_file_read(bool *there, claim_file *out, const char *path)
{
    *there = false;
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK); /* nobody may make us wait for a FIFO */
    if (fd < 0 && (errno == ENOENT || errno == ESTALE)) return status_ok();
    if (fd < 0) return status_fail(STATUS_IO, "cannot open the claim %s: %s", path, strerror(errno));
    struct stat info;
    ssize_t got = read(fd, out->text, sizeof out->text - 1);
    bool bad = got < 0 || fstat(fd, &info) != 0;
    int why = errno;
    close(fd);
    if (bad && why == ESTALE) return status_ok();
    if (bad) return status_fail(STATUS_IO, "cannot read the claim %s: %s", path, strerror(why));
    out->text[got] = '\0';
    out->renewed = info.st_mtim;
    out->inode = info.st_ino;
    *there = true;
    return status_ok();
}

bool claim_file_has_token(const char *text, const char *token)
{
    char found[CLAIM_TOKEN];
    claim_file_value(found, sizeof found, text, "token");
    return strcmp(found, token) == 0;
}

claim_fence claim_fence_of(const char *run_directory, const char *name, const claim_token *token)
{
    claim_fence fence = {.token = *token};
    snprintf(fence.path, sizeof fence.path, "%.*s/claims/%s", MAX_PATH_TEXT - 1, run_directory, name);
    return fence;
}

status claim_fence_check(const claim_fence *fence)
{
    bool there;
    claim_file found;
    if (fence == NULL) return status_ok();
    TRY(claim_file_read(&there, &found, fence->path));
    if (there && fence->token.text[0] != '\0' && claim_file_has_token(found.text, fence->token.text))
        return status_ok();
    return status_fail(STATUS_LOST, "the claim %s was lost", fence->path);
}
