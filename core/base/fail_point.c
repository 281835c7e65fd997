#define _POSIX_C_SOURCE 200809L
#include "core/base/fail_point.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "core/base/environment.h"
#include "core/base/number.h"

enum { MAX_ARMED = 16, NAME_BYTES = 40 };

typedef enum { ACTION_KILL, ACTION_STOP, ACTION_ENOSPC, ACTION_EIO, ACTIONS } fail_action;

static const char *const subject_names[FAIL_SUBJECTS] = {"task",  "checkpoint", "snapshot", "status", "log", "claim",
                                                         "other", "order",      "stop",     "report", "sum"};
static const char *const step_names[FAIL_STEPS] = {"write.before", "write.middle", "write.after",
                                                   "sync.before",  "sync.after",   "rename.before",
                                                   "rename.after", "send.before",  "send.after"};
static const char *const action_names[ACTIONS] = {"kill", "stop", "enospc", "eio"};

/* One for the process, like the environment they come from. */
static struct {
    struct {
        fail_subject subject;
        fail_step step;
        unsigned long at;
        bool onwards;
        fail_action action;
    } points[MAX_ARMED];
    int count;
    unsigned long passed[FAIL_SUBJECTS][FAIL_STEPS];
    const char *trace; /* a file, or NULL */
    int rank;
} armed;
bool fail_points_armed = false;

static bool is_file(int subject)
{
    return subject <= FAIL_OTHER;
}

static bool exists(int subject, int step)
{
    return is_file(subject) ? step <= FAIL_RENAME_AFTER : step >= FAIL_SEND_BEFORE;
}

static bool find_point(fail_subject *subject, fail_step *step, const char *name)
{
    for (int s = 0; s < FAIL_SUBJECTS; s++)
        for (int t = 0; t < FAIL_STEPS; t++) {
            char known[NAME_BYTES];
            snprintf(known, sizeof known, "%s.%s", subject_names[s], step_names[t]);
            if (!exists(s, t) || strcmp(known, name) != 0) continue;
            *subject = (fail_subject)s;
            *step = (fail_step)t;
            return true;
        }
    return false;
}

static bool find_action(fail_action *out, const char *name)
{
    for (int a = 0; a < ACTIONS; a++)
        if (strcmp(action_names[a], name) == 0) {
            *out = (fail_action)a;
            return true;
        }
    return false;
}

/* The word of letters and dots at *text, which moves behind it; it is cut to NAME_BYTES. */
static void take_word(char word[NAME_BYTES], const char **text)
{
    const size_t length = strspn(*text, "abcdefghijklmnopqrstuvwxyz.");
    snprintf(word, NAME_BYTES, "%.*s", (int)length, *text);
    *text += length;
}

static bool take_letter(const char **text, char letter)
{
    const bool there = **text == letter;
    *text += there;
    return there;
}

/* POINT:N[+]:ACTION[@RANK] */
static status arm_one(const char *text)
{
    char name[NAME_BYTES], action[NAME_BYTES] = "";
    const char *rest = text;
    int64_t at = 0, rank = armed.rank;
    fail_subject subject;
    fail_step step;
    fail_action what;
    take_word(name, &rest);
    bool read = take_letter(&rest, ':') && number_take_whole(&at, &rest, 1, INT64_MAX);
    const bool onwards = read && take_letter(&rest, '+');
    read = read && take_letter(&rest, ':');
    if (read) take_word(action, &rest);
    if (read && take_letter(&rest, '@')) read = number_take_whole(&rank, &rest, 0, INT32_MAX);
    if (!read || *rest != '\0' || !find_point(&subject, &step, name) || !find_action(&what, action))
        return status_fail(STATUS_CONFIG, "BITFRONT_FAIL: \"%s\" is not POINT:N:ACTION[@RANK] (core/base/fail_point.h)",
                           text);
    bool can_fail = is_file(subject) ||
                    ((subject == FAIL_ORDER || subject == FAIL_STOP) && step == FAIL_SEND_BEFORE && what == ACTION_EIO);
    if (!can_fail && what > ACTION_STOP)
        return status_fail(STATUS_CONFIG,
                           "BITFRONT_FAIL: \"%s\": messages know kill and stop, orders eio before they are "
                           "sent",
                           text);
    if (rank != armed.rank) return status_ok();
    if (armed.count == MAX_ARMED)
        return status_fail(STATUS_CONFIG, "BITFRONT_FAIL names more than %d points", MAX_ARMED);
    armed.points[armed.count].subject = subject;
    armed.points[armed.count].step = step;
    armed.points[armed.count].at = (unsigned long)at;
    armed.points[armed.count].onwards = onwards;
    armed.points[armed.count++].action = what;
    return status_ok();
}

status fail_points_arm(int rank)
{
    memset(&armed, 0, sizeof armed);
    armed.rank = rank;
    armed.trace = environment_text(ENVIRONMENT_FAIL_TRACE);
    const char *given = environment_text(ENVIRONMENT_FAIL);
    status result = status_ok();
    if (given != NULL) {
        char *list = strdup(given), *rest = NULL;
        if (list == NULL) return status_fail(STATUS_MEMORY, "no memory for BITFRONT_FAIL");
        for (char *one = strtok_r(list, ",", &rest); one != NULL && !failed(result); one = strtok_r(NULL, ",", &rest))
            result = arm_one(one);
        free(list);
    }
    fail_points_armed = !failed(result) && (armed.count > 0 || armed.trace != NULL);
    return result;
}

static void trace(fail_subject subject, fail_step step)
{
    char line[NAME_BYTES + 16];
    int length = snprintf(line, sizeof line, "%s.%s %d\n", subject_names[subject], step_names[step], armed.rank);
    int fd = open(armed.trace, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0666);
    if (fd < 0) return;
    if (write(fd, line, (size_t)length) < 0) perror(armed.trace);
    close(fd);
}

/* False when BITFRONT_FAIL_ONCE says that it happened before. */
static bool is_first(void)
{
    const char *once = environment_text(ENVIRONMENT_FAIL_ONCE);
    if (once == NULL) return true;
    int fd = open(once, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0666);
    if (fd >= 0) close(fd);
    return fd >= 0;
}

static int act(fail_action action)
{
    if (!is_first()) return 0;
    switch (action) {
    case ACTION_KILL:
        kill(getpid(), SIGKILL);
        pause();
        return 0;
    case ACTION_STOP:
        kill(getpid(), SIGSTOP);
        return 0;
    case ACTION_ENOSPC:
        return ENOSPC;
    default:
        return EIO;
    }
}

int fail_message_armed(fail_subject subject, fail_step step)
{
    if (armed.trace != NULL) trace(subject, step);
    unsigned long passing = ++armed.passed[subject][step];
    for (int i = 0; i < armed.count; i++)
        if (armed.points[i].subject == subject && armed.points[i].step == step &&
            (armed.points[i].at == passing || (armed.points[i].onwards && passing > armed.points[i].at)))
            return act(armed.points[i].action);
    return 0;
}

static fail_subject subject_of(const char *path)
{
    static const struct {
        const char *part;
        fail_subject subject;
    } known[] = {{"/tasks/", FAIL_TASK},         {"/checkpoints/", FAIL_CHECKPOINT}, {"/claims/", FAIL_CLAIM},
                 {"/results.h5", FAIL_SNAPSHOT}, {"/status.json", FAIL_STATUS},      {"/log.jsonl", FAIL_LOG}};
    for (size_t i = 0; i < sizeof known / sizeof known[0]; i++)
        if (strstr(path, known[i].part) != NULL) return known[i].subject;
    return FAIL_OTHER;
}

int fail_file_armed(const char *path, fail_step step)
{
    return fail_message_armed(subject_of(path), step);
}
