#include "results/report/report_text.h"

#include <float.h>
#include <math.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "core/base/number.h"

void report_text_number(FILE *out, double value)
{
    char text[40] = "";
    double read;
    if (value == floor(value) && fabs(value) < 1e15) { /* quick, and the usual case of costs */
        fprintf(out, "%.0f", value);
        return;
    }
    for (int digits = 1; digits <= 17 && !isnan(value); digits++) {
        snprintf(text, sizeof text, "%.*g", digits, value);
        if (number_real(&read, text, -DBL_MAX, DBL_MAX) && read == value) break;
    }
    fputs(text, out);
}

void report_text_csv(FILE *out, const char *text)
{
    const bool quoted = strpbrk(text, ",\"") != NULL;
    if (quoted) fputc('"', out);
    if (*text != '\0' && strchr("=+-@", *text) != NULL && text[1] != '\0') fputc('\'', out);
    for (; *text != '\0'; text++) {
        if (*text == '"') fputc('"', out);
        fputc((unsigned char)*text < 0x20 || *text == 0x7f ? ' ' : *text, out);
    }
    if (quoted) fputc('"', out);
}

void report_text_gnuplot(FILE *out, const char *text)
{
    for (; *text != '\0'; text++) {
        if (*text == '\'') fputc('\'', out);
        fputc((unsigned char)*text < 0x20 || *text == 0x7f ? ' ' : *text, out);
    }
}

/* Bytes of the UTF-8 character that begins here; 0: it is none. */
static int character_bytes(const unsigned char *at)
{
    const int bytes = at[0] < 0x80 ? 1 : at[0] >= 0xc2 && at[0] < 0xe0 ? 2 : at[0] >= 0xe0 && at[0] < 0xf0 ? 3 : 0;
    for (int i = 1; i < bytes; i++)
        if ((at[i] & 0xc0) != 0x80) return 0;
    if (bytes == 3 && ((at[0] == 0xe0 && at[1] < 0xa0) || (at[0] == 0xed && at[1] >= 0xa0))) return 0;
    return bytes;
}

void report_text_json(FILE *out, const char *text)
{
    const unsigned char *at = (const unsigned char *)text;
    while (*at != '\0') {
        const int bytes = character_bytes(at);
        if (bytes == 0)
            fputc('?', out);
        else if (bytes == 1 && (*at < 0x20 || strchr("\"\\<>&", *at) != NULL))
            fprintf(out, "\\u%04x", (unsigned)*at);
        else
            fwrite(at, 1, (size_t)bytes, out);
        at += bytes > 0 ? bytes : 1;
    }
}

void report_text_html(FILE *out, const char *text)
{
    for (; *text != '\0'; text++) {
        const unsigned char c = (unsigned char)*text;
        if (strchr("<>&\"'", c) != NULL)
            fprintf(out, "&#%u;", (unsigned)c);
        else
            fputc(c < 0x20 ? ' ' : c, out);
    }
}
