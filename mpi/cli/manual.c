#define _POSIX_C_SOURCE 200809L
#include "mpi/cli/manual.h"

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/base/file.h"

enum { PAGE_PATH = 4096 };

/* Letters of a line as roff shows them: no ligatures of our minus signs, no requests of our points. */
static void put(FILE *out, const char *text, size_t length)
{
    if (length > 0 && (text[0] == '.' || text[0] == '\'')) fputs("\\&", out);
    for (size_t i = 0; i < length; i++) {
        if (text[i] == '\\')
            fputs("\\e", out);
        else if (text[i] == '-')
            fputs("\\-", out);
        else
            fputc(text[i], out);
    }
}

static void put_word(FILE *out, const char *text)
{
    put(out, text, strlen(text));
}

/* Lines that begin with blanks stay as they are; the others flow. */
static void put_lines(FILE *out, const char *text)
{
    bool as_written = false;
    while (*text != '\0') {
        const size_t length = strcspn(text, "\n");
        const bool indented = length == 0 ? false : text[0] == ' ';
        if (indented != as_written) fputs(indented ? ".nf\n" : ".fi\n.PP\n", out);
        as_written = indented;
        if (length == 0)
            fputs(".PP\n", out);
        else
            put(out, text, length);
        if (length > 0) fputc('\n', out);
        text += length + (text[length] == '\n');
    }
    if (as_written) fputs(".fi\n", out);
}

static void put_option(FILE *out, const option_spec *o)
{
    if (o->help == NULL) return; /* an old spelling */
    fputs(".TP\n\\fB", out);
    if (isalpha((unsigned char)o->letter)) fprintf(out, "\\-%c\\fR, \\fB", o->letter);
    fputs("\\-\\-", out);
    put_word(out, o->name);
    fputs("\\fR", out);
    if (o->value != NULL) {
        fputs(" \\fI", out);
        put_word(out, o->value);
        fputs("\\fR", out);
    }
    fputc('\n', out);
    put_word(out, o->help);
    fputc('\n', out);
}

static void put_options(FILE *out, const option_spec *options)
{
    static const option_spec help = {'h', "help", NULL, "print the help of this command"};
    for (; options->name != NULL; options++) put_option(out, options);
    put_option(out, &help);
}

static void put_parts(FILE *out, const command *c)
{
    command_part part;
    for (int i = 0; c->part != NULL && c->part(&part, i); i++) {
        fprintf(out, ".SH \"%s %s\"\n", c->name, part.name);
        put_word(out, part.summary);
        fputs(".\n.PP\n", out);
        put_lines(out, part.details);
        put_options(out, part.options);
    }
}

static void put_head(FILE *out, const char *name, const char *version, const char *summary)
{
    fputs(".TH ", out);
    for (const char *at = name; *at != '\0'; at++) fputc(toupper((unsigned char)*at), out);
    fprintf(out, " 1 \"\" \"bitfront %s\" \"bitfront\"\n.SH NAME\n%s \\- ", version, name);
    put_word(out, summary);
    fputc('\n', out);
}

static void put_command(FILE *out, const command *c, const char *version)
{
    char name[64];
    snprintf(name, sizeof name, "bitfront-%s", c->name);
    put_head(out, name, version, c->summary);
    fprintf(out, ".SH SYNOPSIS\n.B bitfront %s\n\\fI", c->name);
    put_word(out, c->arguments);
    fputs("\\fR [options]\n.SH DESCRIPTION\n", out);
    put_lines(out, c->details);
    fputs(".SH OPTIONS\n", out);
    put_options(out, c->options);
    put_parts(out, c);
    if (c->examples[0] != '\0') fputs(".SH EXAMPLES\n", out);
    put_lines(out, c->examples);
    fputs(".SH \"SEE ALSO\"\n.BR bitfront (1)\n", out);
}

static void put_program(FILE *out, const cli_program *program, const char *version)
{
    put_head(out, "bitfront", version, "Pareto fronts of accuracy against hardware cost of mixed-precision networks");
    fputs(".SH SYNOPSIS\n.B bitfront\n\\fICOMMAND\\fR [arguments] [options]\n.SH DESCRIPTION\n", out);
    put_lines(out, cli_purpose);
    fputs(".SH COMMANDS\n", out);
    for (const command *const *c = program->commands; *c != NULL; c++) {
        fprintf(out, ".TP\n.BR bitfront\\-%s (1)\n", (*c)->name);
        put_word(out, (*c)->summary);
        fputc('\n', out);
    }
    fputs(".SH ENVIRONMENT\n", out);
    put_lines(out, cli_environment);
    fputs(".SH \"EXIT STATUS\"\n", out);
    put_lines(out, cli_exit_codes);
    fputs(".SH \"SEE ALSO\"\n.BR bitfront\\-run (1)\n", out);
}

/* c: NULL for the page of the program. */
static status write_page(const cli_program *program, const char *version, const char *directory, const command *c)
{
    char path[PAGE_PATH];
    const int length =
        snprintf(path, sizeof path, "%s/bitfront%s%s.1", directory, c != NULL ? "-" : "", c != NULL ? c->name : "");
    if (length >= PAGE_PATH) return status_fail(STATUS_CONFIG, "path is too long: %.100s...", directory);
    char *text = NULL;
    size_t size;
    FILE *out = open_memstream(&text, &size);
    if (out == NULL) return status_fail(STATUS_MEMORY, "no memory for %s", path);
    if (c != NULL)
        put_command(out, c, version);
    else
        put_program(out, program, version);
    const status s =
        fclose(out) != 0 ? status_fail(STATUS_MEMORY, "no memory for %s", path) : file_write_text(path, text);
    free(text);
    return s;
}

status manual_write(const cli_program *program, const char *version, const char *directory)
{
    TRY(file_make_directory(directory));
    TRY(write_page(program, version, directory, NULL));
    for (const command *const *c = program->commands; *c != NULL; c++) TRY(write_page(program, version, directory, *c));
    return status_ok();
}
