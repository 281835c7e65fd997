#define _GNU_SOURCE /* getopt_long */
#include "mpi/cli/options.h"

#include <ctype.h>
#include <getopt.h>
#include <stdlib.h>
#include <string.h>

#include "core/base/number.h"
#include "core/base/spelling.h"

enum { MAX_OPTIONS = 64 };

option_parser options_start(const char *command, const option_spec *specs, int argc, char **argv)
{
    optind = 0; /* glibc: start over */
    opterr = 0; /* messages are ours */
    return (option_parser){.command = command, .specs = specs, .argc = argc, .argv = argv};
}

static int count_specs(const option_spec *specs)
{
    int count = 0;
    while (specs[count].name != NULL) count++;
    return count;
}

static status unknown_option(const option_parser *p, const char *given)
{
    const char *near = NULL, *word = given + strspn(given, "-");
    char name[64];
    snprintf(name, sizeof name, "%.*s", (int)strcspn(word, "="), word);
    for (int i = 0; p->specs[i].name != NULL && strlen(name) > 1; i++)
        near = spelling_nearer(near, p->specs[i].name, name);
    return status_fail(STATUS_CONFIG, "%s: unknown option %s; %s%s%ssee bitfront %s --help", p->command, given,
                       near != NULL ? "did you mean --" : "", near != NULL ? near : "", near != NULL ? "? Or " : "",
                       p->command);
}

status options_next(option_parser *p, int *letter)
{
    struct option longs[MAX_OPTIONS + 2];
    char shorts[2 * MAX_OPTIONS + 4] = ":h"; /* the colon: a missing value is told apart from an unknown option */
    int count = count_specs(p->specs);
    if (count > MAX_OPTIONS) count = MAX_OPTIONS;
    for (int i = 0; i < count; i++) {
        const option_spec *o = &p->specs[i];
        longs[i] = (struct option){o->name, o->value != NULL ? required_argument : no_argument, NULL, o->letter};
        if (!isalpha((unsigned char)o->letter)) continue;
        size_t used = strlen(shorts);
        shorts[used] = o->letter;
        shorts[used + 1] = o->value != NULL ? ':' : '\0';
        shorts[used + 2] = '\0';
    }
    longs[count] = (struct option){"help", no_argument, NULL, 'h'};
    longs[count + 1] = (struct option){NULL, 0, NULL, 0};
    int got = getopt_long(p->argc, p->argv, shorts, longs, NULL);
    p->value = optarg;
    *letter = got == -1 ? 0 : got;
    if (got != '?' && got != ':') return status_ok();
    char given[64];
    if (optopt != 0 && isalpha(optopt) && strncmp(p->argv[optind - 1], "--", 2) != 0)
        snprintf(given, sizeof given, "-%c", optopt);
    else
        snprintf(given, sizeof given, "%.60s", p->argv[optind - 1]);
    if (got == ':') return status_fail(STATUS_CONFIG, "%s: option %s needs a value", p->command, given);
    return unknown_option(p, given);
}

status options_arguments(const option_parser *p, int count, const char *what, char ***out)
{
    int there = p->argc - optind;
    if (there > count)
        return status_fail(STATUS_CONFIG, "%s: \"%s\" is one argument too many; see bitfront %s --help", p->command,
                           p->argv[optind + count], p->command);
    if (there < count)
        return status_fail(STATUS_CONFIG, "%s: %s is missing; see bitfront %s --help", p->command, what, p->command);
    *out = p->argv + optind;
    return status_ok();
}

status options_at_least(const option_parser *p, int least, const char *what, char ***out, int *count)
{
    *count = p->argc - optind;
    if (*count < least)
        return status_fail(STATUS_CONFIG, "%s: %s are missing; see bitfront %s --help", p->command, what, p->command);
    *out = p->argv + optind;
    return status_ok();
}

status options_integer(const option_parser *p, const char *name, long low, long high, long *out)
{
    int64_t value;
    if (!number_whole(&value, p->value, low, high))
        return status_fail(STATUS_CONFIG, "%s: --%s wants a whole number between %ld and %ld, not \"%s\"", p->command,
                           name, low, high, p->value);
    *out = (long)value;
    return status_ok();
}

void options_print(FILE *out, const option_spec *specs)
{
    static const option_spec help = {'h', "help", NULL, "print this help"};
    for (int i = 0; i <= count_specs(specs); i++) {
        const option_spec *o = specs[i].name != NULL ? &specs[i] : &help;
        if (o->help == NULL) continue; /* an old spelling */
        char left[64];
        bool is_short = isalpha((unsigned char)o->letter) != 0;
        int used = snprintf(left, sizeof left, "  %s%c%s --%s", is_short ? "-" : "", is_short ? o->letter : ' ',
                            is_short ? "," : "  ", o->name);
        if (o->value != NULL) snprintf(left + used, sizeof left - (size_t)used, " %s", o->value);
        fprintf(out, "%-29s %s\n", left, o->help);
    }
}
