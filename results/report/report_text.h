/* report_text: text and numbers of results in the notations of the files that reports write. What comes from a file or
 * a person is data: it can end no string and start no command. */
#ifndef RESULTS_REPORT_REPORT_TEXT_H
#define RESULTS_REPORT_REPORT_TEXT_H

#include <stdio.h>

/* The shortest number that reads back as the same; NaN: nothing. Returns its end. */
enum { REPORT_NUMBER = 40 };
char *report_text_of_number(char out[REPORT_NUMBER], double value);
void report_text_number(FILE *out, double value);

/* A text as a field of a CSV file (RFC 4180): in quotes when it has to be; control characters become blanks. A text
 * that a spreadsheet would compute, because it begins with = + - or @, gets an apostrophe in front. Not for numbers. */
void report_text_csv(FILE *out, const char *text);

/* The inside of a single-quoted gnuplot string, in which nothing but the quote is special (terminals are set to
 * noenhanced): a quote is doubled, control characters become blanks. */
void report_text_gnuplot(FILE *out, const char *text);

/* The inside of a JSON string that may stand in a <script> of a page: "<" is written as an escape, too. Bytes that are
 * not UTF-8 become "?". */
void report_text_json(FILE *out, const char *text);

/* The inside of an HTML element or attribute in double quotes. */
void report_text_html(FILE *out, const char *text);

#endif
