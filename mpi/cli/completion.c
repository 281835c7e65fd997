#include "mpi/cli/completion.h"

#include <ctype.h>
#include <stdbool.h>
#include <string.h>

/* "live|plain": a value that is one of some words. */
static bool is_choice(const char *value)
{
    return value != NULL && strchr(value, '|') != NULL &&
           strspn(value, "abcdefghijklmnopqrstuvwxyz_|") == strlen(value);
}

static bool is_short(const option_spec *o)
{
    return isalpha((unsigned char)o->letter) != 0;
}

/* ---- bash ---- */

static void bash_options(FILE *out, const option_spec *options)
{
    for (; options->name != NULL; options++) {
        if (options->help == NULL) continue;
        fprintf(out, " --%s", options->name);
        if (is_short(options)) fprintf(out, " -%c", options->letter);
    }
}

static void bash_names(FILE *out, const cli_program *program, char between)
{
    for (const command *const *c = program->commands; *c != NULL; c++)
        fprintf(out, "%s%.*s", (*c)->name, c[1] != NULL, &between);
}

static void bash_parts(FILE *out, const command *c)
{
    command_part part;
    for (int i = 0; c->part != NULL && c->part(&part, i); i++) fprintf(out, "%s%s", i > 0 ? " " : "", part.name);
}

/* The words that may follow an option. */
static void bash_values(FILE *out, const char *name, const option_spec *options)
{
    for (; options->name != NULL; options++) {
        if (!is_choice(options->value)) continue;
        fprintf(out, "    %s:--%s", name, options->name);
        if (is_short(options)) fprintf(out, " | %s:-%c", name, options->letter);
        fputs(") words='", out);
        for (const char *at = options->value; *at != '\0'; at++) fputc(*at == '|' ? ' ' : *at, out);
        fputs("' ;;\n", out);
    }
}

static void bash_switches(FILE *out, const char *name, const option_spec *options)
{
    for (; options->name != NULL; options++) {
        if (options->value == NULL || is_choice(options->value)) continue;
        fprintf(out, "    %s:--%s", name, options->name);
        if (is_short(options)) fprintf(out, " | %s:-%c", name, options->letter);
        fputs(") return ;;\n", out);
    }
}

static void bash_command(FILE *out, const command *c)
{
    command_part part;
    fprintf(out, "    %s)\n        options='--help", c->name);
    bash_options(out, c->options);
    fputs("' words='", out);
    bash_parts(out, c);
    fputs("'\n", out);
    if (c->part != NULL) fputs("        case $part in\n", out);
    for (int i = 0; c->part != NULL && c->part(&part, i); i++) {
        fprintf(out, "        %s) words='' options='--help", part.name);
        bash_options(out, part.options);
        fputs("' ;;\n", out);
    }
    if (c->part != NULL) fputs("        esac\n", out);
    fputs("        ;;\n", out);
}

/* An empty list of words leaves files to the shell (-o default). */
static void print_bash(FILE *out, const cli_program *program)
{
    fputs("# Completion of bitfront and bitfront-run for bash.\n"
          "_bitfront() {\n"
          "    local current=${COMP_WORDS[COMP_CWORD]} before=${COMP_WORDS[COMP_CWORD - 1]}\n"
          "    local verb='' part='' words='' options='' i\n"
          "    COMPREPLY=()\n"
          "    if [ \"$before\" = = ]; then before=${COMP_WORDS[COMP_CWORD - 2]}; fi\n"
          "    if [ \"$current\" = = ]; then current=''; fi\n"
          "    for ((i = 1; i < COMP_CWORD; i++)); do\n"
          "        case ${COMP_WORDS[i]} in\n"
          "        ",
          out);
    bash_names(out, program, '|');
    fputs(")\n"
          "            verb=${COMP_WORDS[i]} part=${COMP_WORDS[i + 1]}\n"
          "            break\n"
          "            ;;\n"
          "        esac\n"
          "    done\n"
          "    case $verb in\n"
          "    '')\n"
          "        words='",
          out);
    bash_names(out, program, ' ');
    fputs("' options='--help --version' ;;\n", out);
    for (const command *const *c = program->commands; *c != NULL; c++) bash_command(out, *c);
    fputs("    esac\n"
          "    case $verb:$before in\n",
          out);
    for (const command *const *c = program->commands; *c != NULL; c++) {
        command_part part;
        bash_values(out, (*c)->name, (*c)->options);
        bash_switches(out, (*c)->name, (*c)->options);
        for (int i = 0; (*c)->part != NULL && (*c)->part(&part, i); i++) bash_values(out, (*c)->name, part.options);
    }
    fputs("    esac\n"
          "    case $current in -*) words=$options ;; esac\n"
          "    while read -r i; do COMPREPLY+=(\"$i\"); done < <(compgen -W \"$words\" -- \"$current\")\n"
          "}\n"
          "complete -o default -F _bitfront bitfront bitfront-run\n",
          out);
}

/* ---- zsh ---- */

/* Within '...[ ]' of _arguments. */
static void zsh_text(FILE *out, const char *text)
{
    for (; *text != '\0'; text++) {
        if (*text == '\'')
            fputs("'\\''", out);
        else if (strchr("[]:\\", *text) != NULL)
            fprintf(out, "\\%c", *text);
        else
            fputc(*text, out);
    }
}

static void zsh_option(FILE *out, const char *spelling, const option_spec *o)
{
    fprintf(out, " \\\n            '*%s[", spelling);
    zsh_text(out, o->help);
    fputc(']', out);
    if (o->value != NULL) {
        fputc(':', out);
        zsh_text(out, o->value);
        if (is_choice(o->value)) {
            fputs(":(", out);
            for (const char *at = o->value; *at != '\0'; at++) fputc(*at == '|' ? ' ' : *at, out);
            fputc(')', out);
        } else {
            fputs(":_files", out);
        }
    }
    fputc('\'', out);
}

static void zsh_options(FILE *out, const option_spec *options)
{
    for (; options->name != NULL; options++) {
        char spelling[64];
        if (options->help == NULL) continue;
        snprintf(spelling, sizeof spelling, "--%s", options->name);
        zsh_option(out, spelling, options);
        snprintf(spelling, sizeof spelling, "-%c", options->letter);
        if (is_short(options)) zsh_option(out, spelling, options);
    }
}

static void zsh_command(FILE *out, const command *c)
{
    command_part part;
    fprintf(out, "    %s)\n        _arguments", c->name);
    zsh_options(out, c->options);
    if (c->part != NULL) {
        fputs(" \\\n            '1:", out);
        zsh_text(out, c->arguments);
        fputs(":(", out);
        bash_parts(out, c);
        fputs(")'", out);
    }
    for (int i = 0; c->part != NULL && c->part(&part, i); i++) zsh_options(out, part.options);
    fputs(" \\\n            '*:", out);
    zsh_text(out, c->arguments);
    fputs(":_files' ;;\n", out);
}

static void print_zsh(FILE *out, const cli_program *program)
{
    fputs("#compdef bitfront bitfront-run\n"
          "# Completion of bitfront and bitfront-run for zsh.\n"
          "local -a commands\n"
          "commands=(\n",
          out);
    for (const command *const *c = program->commands; *c != NULL; c++) {
        fprintf(out, "    '%s:", (*c)->name);
        zsh_text(out, (*c)->summary);
        fputs("'\n", out);
    }
    fputs(")\n"
          "local -i at=2 # of the command, behind options of bitfront-run\n"
          "while ((at < CURRENT)) && [[ -z ${(M)commands:#$words[at]:*} ]]; do ((at++)); done\n"
          "if ((at == CURRENT)); then\n"
          "    _describe command commands\n"
          "    return\n"
          "fi\n"
          "shift $((at - 1)) words\n"
          "((CURRENT -= at - 1))\n"
          "case $words[1] in\n",
          out);
    for (const command *const *c = program->commands; *c != NULL; c++) zsh_command(out, *c);
    fputs("esac\n", out);
}

status completion_print(FILE *out, const cli_program *program, const char *shell)
{
    if (strcmp(shell, "bash") == 0)
        print_bash(out, program);
    else if (strcmp(shell, "zsh") == 0)
        print_zsh(out, program);
    else
        return status_fail(STATUS_CONFIG, "--completion knows bash and zsh, not \"%.40s\"", shell);
    return status_ok();
}
