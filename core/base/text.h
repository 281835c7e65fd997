/* text: makes text that came from a file or a message safe to show. Raw, it could move a terminal's cursor, forge lines
 * of a log or turn reading direction around. */
#ifndef CORE_BASE_TEXT_H
#define CORE_BASE_TEXT_H

#include <stdbool.h>
#include <stddef.h>

/* Replaces by '?', in place and without changing the length: control characters (C0, DEL, C1, line and paragraph
 * separators), marks of reading direction, and bytes that are not UTF-8. A character that was cut off at the end of a
 * buffer is such bytes. */
void text_printable(char *text);
/* The same, but lines stay: '\n' and '\t' are kept. */
void text_printable_lines(char *text);

/* True when text_printable would change nothing. */
bool text_is_printable(const char *text);

#endif
