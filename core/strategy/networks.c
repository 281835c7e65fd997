#define _POSIX_C_SOURCE 200809L
#include "core/strategy/networks.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/base/file.h"
#include "core/base/share.h"
#include "core/net/graph/graph_build.h"
#include "core/net/graph/graph_checksum.h"
#include "core/net/graph/network_variant.h"

static const char NEXT_FILE[] = "\n#### the next network ####\n";

enum { MOST_FILES = 64, ORIGIN = MAX_PATH_TEXT + 32 };

/* ---- which files and widths ---- */

static int entry_files(const settings *s, int entry)
{
    return s->entries[entry].network_count > 0 ? s->entries[entry].network_count : 1;
}

static const char *entry_file(const settings *s, int entry, int i)
{
    return s->entries[entry].network_count > 0 ? s->entries[entry].networks[i] : s->network;
}

static int entry_widths(const settings *s, int entry)
{
    return s->entries[entry].width_count > 0 ? s->entries[entry].width_count : 1;
}

static double entry_width(const settings *s, int entry, int i)
{
    return s->entries[entry].width_count > 0 ? s->entries[entry].widths[i] : s->width;
}

static int find_file(const char *const *files, int count, const char *path)
{
    for (int i = 0; i < count; i++)
        if (strcmp(files[i], path) == 0) return i;
    return count;
}

/* Each file once, borrowed from the settings. */
static status list_files(const char *files[MOST_FILES], int *count, const settings *s)
{
    *count = 0;
    for (int e = 0; e < s->entry_count; e++)
        for (int i = 0; i < entry_files(s, e); i++) {
            const char *path = entry_file(s, e, i);
            if (find_file(files, *count, path) < *count) continue;
            if (*count == MOST_FILES)
                return status_fail(STATUS_CONFIG, "%.200s: names more than %d network files", s->path, MOST_FILES);
            files[(*count)++] = path;
        }
    return status_ok();
}

/* ---- texts ---- */

static status add_text(FILE *out, const settings *s, const char *path, bool first)
{
    char *text;
    if (!file_exists(path))
        return status_fail(STATUS_CONFIG, "%.200s: network file %.300s does not exist%s", s->path, path,
                           share_nearest(path, NULL).text);
    TRY(file_read_text(&text, path));
    const bool ours = strstr(text, NEXT_FILE) != NULL;
    if (!first) fputs(NEXT_FILE, out);
    fputs(text, out);
    free(text);
    return ours ? status_fail(STATUS_CONFIG, "%.200s holds several networks: give each a file of its own", path)
                : status_ok();
}

status networks_text(char **out, const settings *s)
{
    const char *files[MOST_FILES];
    int count;
    size_t size;
    TRY(list_files(files, &count, s));
    FILE *stream = open_memstream(out, &size);
    if (stream == NULL) return status_fail(STATUS_MEMORY, "no memory for the networks of %.200s", s->path);
    status result = status_ok();
    for (int i = 0; i < count && !failed(result); i++) result = add_text(stream, s, files[i], i == 0);
    if (fclose(stream) != 0 && !failed(result))
        result = status_fail(STATUS_MEMORY, "no memory for the networks of %.200s", s->path);
    if (failed(result)) {
        free(*out);
        *out = NULL;
    }
    return result;
}

/* Text number `file`; *length is its own. NULL: there are fewer. */
static const char *part_of(const char *text, int file, size_t *length)
{
    for (; file > 0; file--) {
        text = strstr(text, NEXT_FILE);
        if (text == NULL) return NULL;
        text += strlen(NEXT_FILE);
    }
    const char *end = strstr(text, NEXT_FILE);
    *length = end != NULL ? (size_t)(end - text) : strlen(text);
    return text;
}

/* ---- networks ---- */

static int find_network(const sweep_networks *n, int file, double width)
{
    for (int i = 0; i < n->count; i++)
        if (n->files[i] == file && n->widths[i] == width) return i;
    return n->count;
}

static status make_graph(graph *out, const settings *s, const char *text, const char *origin, double width)
{
    network_file file;
    TRY(network_file_parse(&file, text, origin));
    status result = network_variant_apply(&file, &(network_variant){.width = width,
                                                                    .classes = s->classes,
                                                                    .height = s->input_height,
                                                                    .width_pixels = s->input_width,
                                                                    .channels = s->input_channels});
    if (!failed(result)) result = graph_build(out, &file);
    network_file_free(&file);
    return result;
}

/* Where a text comes from: its file, or that of `origin` and which of the networks in it. */
static void name_origin(char out[ORIGIN], const char *origin, const char *path, int file)
{
    if (origin == NULL)
        snprintf(out, ORIGIN, "%s", path);
    else if (file == 0)
        snprintf(out, ORIGIN, "%.*s", MAX_PATH_TEXT, origin);
    else
        snprintf(out, ORIGIN, "%.*s, network %d", MAX_PATH_TEXT - 24, origin, file + 1);
}

static status add_network(sweep_networks *n, const settings *s, const char *text, const char *origin, int file,
                          double width)
{
    size_t length;
    const char *part = part_of(text, file, &length);
    if (part == NULL)
        return status_fail(STATUS_CONFIG, "%.200s is missing: the configuration names more networks", origin);
    if (n->count == SWEEP_MOST_NETWORKS)
        return status_fail(STATUS_CONFIG, "%.200s: more than %d networks", s->path, SWEEP_MOST_NETWORKS);
    char *own = strndup(part, length);
    if (own == NULL) return status_fail(STATUS_MEMORY, "no memory for a network");
    graph *g = &n->graphs[n->count];
    status result = make_graph(g, s, own, origin, width);
    free(own);
    TRY(result);
    n->files[n->count] = file;
    n->widths[n->count] = width;
    identity_network *identity = &n->identities[n->count++];
    snprintf(identity->name, sizeof identity->name, "%s", g->name);
    identity->arithmetic_when_float = g->bn_momentum != g->reference_bn_momentum;
    return graph_checksum(identity->checksum, g);
}

static status add_entry(sweep_networks *n, const settings *s, int entry, const char *const *files, int file_count,
                        const char *text, const char *origin)
{
    for (int i = 0; i < entry_files(s, entry); i++) {
        const int file = find_file(files, file_count, entry_file(s, entry, i));
        char name[ORIGIN];
        name_origin(name, origin, files[file], file);
        for (int k = 0; k < entry_widths(s, entry); k++) {
            const double width = entry_width(s, entry, k);
            if (find_network(n, file, width) == n->count) TRY(add_network(n, s, text, name, file, width));
        }
    }
    return status_ok();
}

status networks_parse(sweep_networks *out, const settings *s, const char *text, const char *origin)
{
    const char *files[MOST_FILES];
    int file_count;
    TRY(list_files(files, &file_count, s));
    sweep_networks n = {.count = 0};
    n.graphs = calloc(SWEEP_MOST_NETWORKS, sizeof *n.graphs);
    n.identities = calloc(SWEEP_MOST_NETWORKS, sizeof *n.identities);
    n.files = calloc(SWEEP_MOST_NETWORKS, sizeof *n.files);
    n.widths = calloc(SWEEP_MOST_NETWORKS, sizeof *n.widths);
    status result = n.graphs != NULL && n.identities != NULL && n.files != NULL && n.widths != NULL
                        ? status_ok()
                        : status_fail(STATUS_MEMORY, "no memory for the networks of %.200s", s->path);
    for (int e = 0; e < s->entry_count && !failed(result); e++)
        result = add_entry(&n, s, e, files, file_count, text, origin);
    if (failed(result))
        networks_free(&n);
    else
        *out = n;
    return result;
}

void networks_free(sweep_networks *n)
{
    for (int i = 0; i < n->count; i++) graph_free(&n->graphs[i]);
    free(n->graphs);
    free(n->identities);
    free(n->files);
    free(n->widths);
    *n = (sweep_networks){.count = 0};
}

int networks_of_entry(int out[ENTRY_MOST_NETWORKS], const sweep_networks *n, const settings *s, int entry)
{
    const char *files[MOST_FILES];
    int file_count, count = 0;
    if (failed(list_files(files, &file_count, s))) return 0; /* networks_parse has listed them */
    for (int i = 0; i < entry_files(s, entry); i++)
        for (int k = 0; k < entry_widths(s, entry); k++)
            out[count++] =
                find_network(n, find_file(files, file_count, entry_file(s, entry, i)), entry_width(s, entry, k));
    return count;
}
