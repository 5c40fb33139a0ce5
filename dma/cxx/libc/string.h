/* SPDX-License-Identifier: GPL-2.0 */
/* The part of C's string.h that libc++ wants; the kernel has these functions. */
#pragma once
#include <stddef.h>

#ifdef __cplusplus
extern "C" {
#endif
void *memcpy(void *to, const void *from, size_t bytes);
void *memmove(void *to, const void *from, size_t bytes);
void *memset(void *to, int value, size_t bytes);
int memcmp(const void *a, const void *b, size_t bytes);
void *memchr(const void *in, int value, size_t bytes);
char *strcpy(char *to, const char *from);
char *strncpy(char *to, const char *from, size_t bytes);
char *strcat(char *to, const char *from);
char *strncat(char *to, const char *from, size_t bytes);
int strcmp(const char *a, const char *b);
int strncmp(const char *a, const char *b, size_t bytes);
int strcoll(const char *a, const char *b);
size_t strxfrm(char *to, const char *from, size_t bytes);
char *strchr(const char *in, int value);
char *strrchr(const char *in, int value);
size_t strcspn(const char *in, const char *reject);
size_t strspn(const char *in, const char *accept);
char *strpbrk(const char *in, const char *accept);
char *strstr(const char *in, const char *what);
char *strtok(char *in, const char *delimiters);
char *strerror(int error);
size_t strlen(const char *in);
#ifdef __cplusplus
}
#endif
