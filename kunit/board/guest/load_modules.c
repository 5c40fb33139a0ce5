// SPDX-License-Identifier: GPL-2.0
/* Drivers that are modules, loaded before any job looks for them. */
#define _GNU_SOURCE
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "init.h"

#define MODULES	"/modules"

/* The words "NAME.KEY=VALUE" of the command line, as modprobe passes them on. */
static void module_options(const char *name, char *options, size_t size)
{
	size_t length = strcspn(name, "."), used = 0;
	char line[sizeof(cmdline)], *next = line, *word;

	strcpy(line, cmdline);
	options[0] = 0;
	while ((word = strsep(&next, " \n")))
		if (!strncmp(word, name, length) && word[length] == '.' && used < size)
			used += snprintf(options + used, size - used, "%s ",
					 word + length + 1);
}

static int load_module(const char *name)
{
	char path[300], options[128];
	int file, error = 0;

	snprintf(path, sizeof(path), MODULES "/%s", name);
	module_options(name, options, sizeof(options));
	file = open(path, O_RDONLY | O_CLOEXEC);
	if (file < 0 || syscall(SYS_finit_module, file, options, 0))
		error = errno;
	if (file >= 0)
		close(file);
	return error;
}

void load_modules(void)
{
	DIR *folder = opendir(MODULES);
	struct dirent *entry;
	int error;

	while (folder && (entry = readdir(folder))) {
		if (entry->d_name[0] == '.')
			continue;
		error = load_module(entry->d_name);
		if (error)
			tell("error can't load %s: %s", entry->d_name, strerror(error));
		else
			tell("module %s", entry->d_name);
	}
	if (folder)
		closedir(folder);
}
