#include "quota_impl.h"

#include <limits.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

enum { PATH = 2048, TEXT = 8192 };

/* What is asked of the files. */
typedef struct asking {
    lathe_text_reader *read;
    void *context;
    double least; /* processors; HUGE_VAL: no quota so far */
} asking;

bool lathe_read_system_text(void *context, const char *path, char *text, size_t size)
{
    (void)context;
    FILE *file = fopen(path, "r");
    if (!file) return false;
    size_t got = fread(text, 1, size - 1, file);
    text[got] = '\0';
    fclose(file);
    return got > 0;
}

static void take_quota(asking *a, double quota, double period)
{
    if (quota > 0 && period > 0 && quota / period < a->least) a->least = quota / period;
}

/* Read a number from FOLDER/NAME. */
static bool read_number(const asking *a, const char *folder, const char *name, double *number)
{
    char path[PATH + 64], text[64];
    snprintf(path, sizeof path, "%s/%s", folder, name);
    return a->read(a->context, path, text, sizeof text) && sscanf(text, "%lf", number) == 1;
}

/* cpu.max of version 2 is "QUOTA PERIOD" or "max PERIOD"; version 1 has a file for each, with -1 for none. */
static void read_group(asking *a, const char *folder, bool second)
{
    char path[PATH + 64], text[64];
    double quota, period;
    snprintf(path, sizeof path, "%s/cpu.max", folder);
    if (second && a->read(a->context, path, text, sizeof text) &&
        sscanf(text, "%lf %lf", &quota, &period) == 2)
        take_quota(a, quota, period);
    if (!second && read_number(a, folder, "cpu.cfs_quota_us", &quota) &&
        read_number(a, folder, "cpu.cfs_period_us", &period))
        take_quota(a, quota, period);
}

/*
 * Read a group and its parents. In a container the path may be that of the host; then only the folder itself
 * is there, which is the container's group.
 */
static void read_groups(asking *a, const char *mount, const char *group, bool second)
{
    char folder[PATH];
    const size_t root = strlen(mount);
    if (strstr(group, "/..") || snprintf(folder, sizeof folder, "%s%s", mount, group) >= (int)sizeof folder)
        snprintf(folder, sizeof folder, "%s", mount);
    for (;;) {
        size_t length = strlen(folder);
        while (length > root && folder[length - 1] == '/') folder[--length] = '\0';
        read_group(a, folder, second);
        if (length <= root) return;
        *strrchr(folder, '/') = '\0';
    }
}

/* Returns true if "cpu,cpuacct" has the controller cpu. */
static bool has_cpu(const char *controllers)
{
    for (const char *at = controllers; *at; at += strcspn(at, ","), at += *at == ',')
        if (strcspn(at, ",") == 3 && !strncmp(at, "cpu", 3)) return true;
    return false;
}

/* A line of /proc/self/cgroup: "0::/group" of version 2, or "4:cpu,cpuacct:/group" of version 1. */
static void read_line(asking *a, char *line)
{
    char *controllers = strchr(line, ':'), *group = controllers ? strchr(controllers + 1, ':') : NULL;
    if (!group || group[1] != '/') return;
    *controllers++ = '\0';
    *group++ = '\0';
    if (!*controllers) {
        read_groups(a, "/sys/fs/cgroup", group, true);
        read_groups(a, "/sys/fs/cgroup/unified", group, true); /* beside version 1 */
    } else if (has_cpu(controllers)) {
        char mount[PATH];
        read_groups(a, "/sys/fs/cgroup/cpu", group, false);
        snprintf(mount, sizeof mount, "/sys/fs/cgroup/%.200s", controllers);
        read_groups(a, mount, group, false);
    }
}

int lathe_cpu_quota(lathe_text_reader *read, void *context)
{
    char text[TEXT];
    asking a = { read, context, HUGE_VAL };
    if (!read(context, "/proc/self/cgroup", text, sizeof text)) return 0;
    for (char *line = text, *next; *line; line = next) {
        size_t length = strcspn(line, "\n");
        next = line + length + (line[length] == '\n');
        line[length] = '\0';
        read_line(&a, line);
    }
    return a.least >= INT_MAX ? 0 : (int)ceil(a.least - 1e-9);
}
