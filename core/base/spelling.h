/* spelling: what somebody may have meant. */
#ifndef CORE_BASE_SPELLING_H
#define CORE_BASE_SPELLING_H

/* Letters to insert, remove or replace to make b of a (Levenshtein); for texts above 64 letters 64. */
int spelling_distance(const char *a, const char *b);

/* Names with at least that distance from `word` are no help. */
int spelling_limit(const char *word);

/* The better one of two suggestions for `word`: `name`, if it is within the limit and nearer than `best` (NULL: none).
 */
const char *spelling_nearer(const char *best, const char *name, const char *word);

#endif
