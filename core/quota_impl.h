/*
 * Private: the processor time that a control group of Linux allows, as containers and schedulers set it. A
 * process may be allowed to run on 64 processors and get the time of two.
 */
#ifndef LATHE_CORE_QUOTA_IMPL_H
#define LATHE_CORE_QUOTA_IMPL_H

#include <stdbool.h>
#include <stddef.h>

/** Read the text file at `path` into `text`, which has `size` bytes. Returns false if it cannot be read. */
typedef bool lathe_text_reader(void *context, const char *path, char *text, size_t size);

/**
 * The processors whose time the groups of this process allow, rounded up; 0 without a quota. The groups are
 * those of /proc/self/cgroup, version 1 (cpu.cfs_quota_us) and version 2 (cpu.max). The smallest quota of a
 * group and its parents counts.
 *
 * read  reads the files of /proc and /sys; tests give their own
 */
int lathe_cpu_quota(lathe_text_reader *read, void *context);

/** A lathe_text_reader of the system's own files. */
bool lathe_read_system_text(void *context, const char *path, char *text, size_t size);

#endif
