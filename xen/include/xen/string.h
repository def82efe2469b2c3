/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Memory and string functions with their standard meanings; the host port takes libc's. */
#ifndef XEN_STRING_H
#define XEN_STRING_H

#include <stddef.h>

void *memcpy(void *dst, const void *src, size_t n);
void *memmove(void *dst, const void *src, size_t n);
void *memset(void *dst, int c, size_t n);
int memcmp(const void *a, const void *b, size_t n);
size_t strlen(const char *s);
size_t strnlen(const char *s, size_t max);
int strcmp(const char *a, const char *b);
/** The number of characters at the start of @s that are not in @reject. */
size_t strcspn(const char *s, const char *reject);
int strncmp(const char *a, const char *b, size_t n);
char *strchr(const char *s, int c);
char *strstr(const char *haystack, const char *needle);

#endif
