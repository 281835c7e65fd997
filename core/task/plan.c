#define _POSIX_C_SOURCE 200809L
#include "core/task/plan.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "core/config/entry.h"

enum { FIRST_ROOM = 64 };

task_plan task_plan_new(const plan_inputs *in)
{
    return (task_plan){.in = *in};
}

void task_plan_free(task_plan *p)
{
    free(p->tasks);
    free(p->parents);
    free(p->slots);
    for (int i = 0; p->options != NULL && i < p->in.settings->entry_count; i++) free(p->options[i]);
    free(p->options);
    free(p->lines.text);
    *p = (task_plan){.count = 0};
}

/* ---- keys ---- */

/* Keys are hashes themselves: their first digits will do. */
static size_t first_slot(const char *key, int slot_count)
{
    uint64_t hash = 0;
    for (int i = 0; i < 15; i++) hash = 16 * hash + (uint64_t)(key[i] <= '9' ? key[i] - '0' : key[i] - 'a' + 10);
    return (size_t)(hash % (uint64_t)slot_count);
}

/* The slot of the key, or the free one where it belongs. */
static int *slot_of(const task_plan *p, const char *key)
{
    size_t at = first_slot(key, p->slot_count);
    while (p->slots[at] != 0 && strcmp(p->tasks[p->slots[at] - 1].key, key) != 0) at = (at + 1) % (size_t)p->slot_count;
    return &p->slots[at];
}

int task_plan_find(const task_plan *p, const char *key)
{
    return p->slot_count == 0 ? 0 : *slot_of(p, key);
}

static status no_memory(const task_plan *p)
{
    return status_fail(STATUS_MEMORY, "no memory for a plan of more than %d tasks", p->count);
}

/* Room for one more task with so many parents; the table stays at most half full. */
static status make_room(task_plan *p, int parent_count)
{
    if (p->count == p->task_room) {
        int room = p->task_room > 0 ? 2 * p->task_room : FIRST_ROOM;
        task *tasks = realloc(p->tasks, (size_t)room * sizeof *tasks);
        if (tasks == NULL) return no_memory(p);
        p->tasks = tasks;
        p->task_room = room;
    }
    while (p->parent_total + parent_count > p->parent_room) {
        int room = p->parent_room > 0 ? 2 * p->parent_room : FIRST_ROOM;
        int *parents = realloc(p->parents, (size_t)room * sizeof *parents);
        if (parents == NULL) return no_memory(p);
        p->parents = parents;
        p->parent_room = room;
    }
    if (2 * (p->count + 1) <= p->slot_count) return status_ok();
    int *slots = calloc(2 * (size_t)p->task_room, sizeof *slots);
    if (slots == NULL) return no_memory(p);
    free(p->slots);
    p->slots = slots;
    p->slot_count = 2 * p->task_room;
    for (int i = 0; i < p->count; i++) *slot_of(p, p->tasks[i].key) = i + 1;
    return status_ok();
}

/* ---- identity ---- */

/* Writes down the options of an entry, once. */
static status use_options(task_plan *p, int entry)
{
    const settings *s = p->in.settings;
    if (p->options == NULL) p->options = calloc((size_t)s->entry_count + 1, sizeof *p->options);
    if (p->options == NULL) return no_memory(p);
    if (entry < 0 || p->options[entry] != NULL) return status_ok();
    size_t size;
    FILE *out = open_memstream(&p->options[entry], &size);
    if (out == NULL) return no_memory(p);
    entry_write_options(out, &s->entries[entry], entry_kind_find(p->in.entry_kinds, s->entries[entry].strategy));
    fclose(out);
    return p->options[entry] != NULL ? status_ok() : no_memory(p);
}

static const char *options_of(const task_plan *p, const task *t)
{
    return t->entry >= 0 ? p->options[t->entry] : "";
}

/* Neighbouring tasks mostly read the same of the settings, so that it is written down once for them. */
static status settings_lines(const char **out, task_plan *p, const task *t, const identity_reads *reads)
{
    settings_read *now = &p->lines;
    if (now->text != NULL && now->reads == reads && now->network == t->network &&
        strcmp(now->cost_model, t->cost_model) == 0) {
        *out = now->text;
        return status_ok();
    }
    free(now->text);
    *now = (settings_read){.reads = reads, .network = t->network, .cost_model = t->cost_model};
    TRY(identity_settings(&now->text, p->in.settings, &p->in.networks[t->network], reads, t->cost_model));
    *out = now->text;
    return status_ok();
}

static status make_identity(char **text, const task_plan *p, const task *t, const int *parents, const char *lines)
{
    const char **keys = malloc(((size_t)t->parent_count + 1) * sizeof *keys);
    if (keys == NULL) return no_memory(p);
    for (int i = 0; i < t->parent_count; i++) keys[i] = p->tasks[parents[i] - 1].key;
    status s = identity_text(text, t, keys, &p->in.networks[t->network], p->in.data_checksum, lines, options_of(p, t));
    free(keys);
    return s;
}

/* "KEY KEY" */
static status list_parents(char **out, const task_plan *p, const task *t)
{
    *out = calloc((size_t)t->parent_count + 1, TASK_KEY);
    if (*out == NULL) return no_memory(p);
    for (int i = 0; i < t->parent_count; i++)
        sprintf(*out + i * TASK_KEY, i + 1 < t->parent_count ? "%s " : "%s",
                p->tasks[task_plan_parent(p, t, i) - 1].key);
    return status_ok();
}

/* In one line: "precisions = [0, 4]; granularity = \"layer\"" */
static status copy_options(char **out, const task_plan *p, const task *t)
{
    const char *from = options_of(p, t);
    char *to = malloc(2 * strlen(from) + 1);
    if (to == NULL) return no_memory(p);
    *out = to;
    for (; *from != '\0'; from++) {
        if (*from != '\n') *to++ = *from;
        if (*from == '\n' && from[1] != '\0') to += sprintf(to, "; ");
    }
    *to = '\0';
    return status_ok();
}

status task_plan_describe(record *out, const task_plan *p, const task *t, const identity_reads *reads)
{
    out->task = *t;
    TRY(list_parents(&out->parents, p, t));
    TRY(copy_options(&out->options, p, t));
    char *lines;
    TRY(identity_settings(&lines, p->in.settings, &p->in.networks[t->network], reads, t->cost_model));
    status s = make_identity(&out->identity, p, t, t->parent_count > 0 ? p->parents + t->parents : NULL, lines);
    free(lines);
    return s;
}

/* ---- adding ---- */

static status refuse_double(const task_plan *p, const task *t, const task *earlier)
{
    char label[TASK_LABEL], first[32], second[32];
    const settings *s = p->in.settings;
    task_label(label, t);
    entry_place(first, s, earlier->entry);
    entry_place(second, s, t->entry);
    if (t->entry == earlier->entry)
        return status_fail(STATUS_CONFIG, "%.200s: sweep %s asks for \"%s\" twice", s->path, first, label);
    return status_fail(STATUS_CONFIG, "%.200s: sweep %s and %s both ask for \"%s\"", s->path, first, second, label);
}

status task_plan_add(task_plan *p, int *id, const task *wanted, const int *parents, int parent_count,
                     const identity_reads *reads)
{
    if (parent_count > TASK_MOST_PARENTS)
        return status_fail(STATUS_CONFIG, "%.200s: a task would start from %d others; at most %d are possible",
                           p->in.settings->path, parent_count, TASK_MOST_PARENTS);
    TRY(make_room(p, parent_count));
    task t = *wanted;
    t.id = p->count + 1;
    t.parent_count = parent_count;
    t.parents = p->parent_total;
    t.network_name = p->in.networks[t.network].name;
    t.one_of_several = p->in.network_count > 1;
    char *text;
    TRY(use_options(p, t.entry));
    const char *lines;
    TRY(settings_lines(&lines, p, &t, reads));
    TRY(make_identity(&text, p, &t, parents, lines));
    status s = identity_key(t.key, text);
    free(text);
    TRY(s);
    int *slot = slot_of(p, t.key);
    if (*slot != 0) {
        if (t.point) return refuse_double(p, &t, &p->tasks[*slot - 1]);
        *id = *slot;
        return status_ok();
    }
    for (int i = 0; i < parent_count; i++) p->parents[p->parent_total++] = parents[i];
    p->tasks[p->count++] = t;
    *slot = t.id;
    *id = t.id;
    return status_ok();
}

/* ---- printing ---- */

static void print_parents(char *out, size_t room, const task_plan *p, const task *t)
{
    size_t used = 0;
    snprintf(out, room, "-");
    for (int i = 0; i < t->parent_count && used + 8 < room; i++)
        used += (size_t)snprintf(out + used, room - used, "%s%d", i > 0 ? "," : "", task_plan_parent(p, t, i));
}

void task_plan_print(FILE *out, const task_plan *p)
{
    fprintf(out, "%6s  %-8s  %-10s %-10s %12s %20s %6s\n", "task", "key", "strategy", "cost model", "setting", "seed",
            "after");
    for (int i = 0; i < p->count; i++) {
        const task *t = &p->tasks[i];
        char setting[TASK_NAME], after[40];
        task_setting(setting, t);
        print_parents(after, sizeof after, p, t);
        fprintf(out, "%6d  %.8s  %-10s %-10s %12s %20" PRIu64 " %6s\n", t->id,
                p->in.data_checksum[0] != '\0' ? t->key : "-", t->strategy,
                strcmp(t->cost_model, "none") == 0 ? "-" : t->cost_model, setting, t->seed, after);
    }
}
