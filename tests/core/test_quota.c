/* The quota of control groups, from files as containers and schedulers have them. */
#include "support/support.h"

#include <string.h>

#include "../../core/quota_impl.h"

/* A file of a made-up system. */
typedef struct entry {
    const char *path, *text;
} entry;

enum { FILES = 6 };

static bool read_entry(void *context, const char *path, char *text, size_t size)
{
    const entry *files = context;
    for (int i = 0; i < FILES && files[i].path; i++)
        if (!strcmp(files[i].path, path)) return snprintf(text, size, "%s", files[i].text) > 0;
    return false;
}

#define GROUP "/proc/self/cgroup"
#define ROOT "/sys/fs/cgroup"

static const struct {
    const char *what;
    entry files[FILES];
    int processors;
} cases[] = {
    { "no control groups", { { NULL, NULL } }, 0 },
    { "v2, no limit", { { GROUP, "0::/a\n" }, { ROOT "/a/cpu.max", "max 100000\n" } }, 0 },
    { "v2, two", { { GROUP, "0::/a\n" }, { ROOT "/a/cpu.max", "200000 100000\n" } }, 2 },
    { "v2, one and a half", { { GROUP, "0::/a\n" }, { ROOT "/a/cpu.max", "150000 100000\n" } }, 2 },
    { "v2, a tenth", { { GROUP, "0::/a\n" }, { ROOT "/a/cpu.max", "10000 100000\n" } }, 1 },
    { "v2, another period", { { GROUP, "0::/a\n" }, { ROOT "/a/cpu.max", "150000 50000\n" } }, 3 },
    { "v2, the parent's is smaller",
        { { GROUP, "0::/a/b/c\n" }, { ROOT "/a/b/c/cpu.max", "400000 100000\n" },
            { ROOT "/a/cpu.max", "300000 100000\n" } },
        3 },
    { "v2, a container with a namespace", { { GROUP, "0::/\n" }, { ROOT "/cpu.max", "400000 100000\n" } },
        4 },
    { "v2, a container that sees the host's path",
        { { GROUP, "0::/docker/0123\n" }, { ROOT "/cpu.max", "500000 100000\n" } }, 5 },
    { "v2, a path outside of the namespace",
        { { GROUP, "0::/../../other\n" }, { ROOT "/cpu.max", "500000 100000\n" } }, 5 },
    { "v2, nonsense", { { GROUP, "0::/a\n" }, { ROOT "/a/cpu.max", "many\n" } }, 0 },
    { "v1, two",
        { { GROUP, "5:memory:/a\n4:cpu,cpuacct:/a\n1:name=systemd:/\n" },
            { ROOT "/cpu/a/cpu.cfs_quota_us", "200000\n" }, { ROOT "/cpu/a/cpu.cfs_period_us", "100000\n" } },
        2 },
    { "v1, no limit",
        { { GROUP, "4:cpu,cpuacct:/a\n" }, { ROOT "/cpu/a/cpu.cfs_quota_us", "-1\n" },
            { ROOT "/cpu/a/cpu.cfs_period_us", "100000\n" } },
        0 },
    { "v1, a mount with both names",
        { { GROUP, "4:cpuacct,cpu:/docker/0123\n" }, { ROOT "/cpuacct,cpu/cpu.cfs_quota_us", "350000\n" },
            { ROOT "/cpuacct,cpu/cpu.cfs_period_us", "100000\n" } },
        4 },
    { "v1, the controller is cpuset",
        { { GROUP, "4:cpuset,cpuacct:/\n" }, { ROOT "/cpu/cpu.cfs_quota_us", "200000\n" },
            { ROOT "/cpu/cpu.cfs_period_us", "100000\n" } },
        0 },
    { "v1 and v2",
        { { GROUP, "4:cpu:/\n0::/\n" }, { ROOT "/cpu/cpu.cfs_quota_us", "600000" },
            { ROOT "/cpu/cpu.cfs_period_us", "100000" }, { ROOT "/unified/cpu.max", "max 100000\n" } },
        6 },
    { "lines of no meaning", { { GROUP, "\nx\n0:\n:::\n0::a\n" }, { ROOT "/cpu.max", "100000 100000" } }, 0 },
};

static void the_quota_of_each_system_is_read(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        int processors = lathe_cpu_quota(read_entry, (void *)cases[i].files);
        if (processors != cases[i].processors)
            fail_msg("%s: %d processors, expected %d", cases[i].what, processors, cases[i].processors);
    }
}

/* The default number of threads is at most this system's own quota. */
static void the_default_keeps_to_the_quota(void **state)
{
    (void)state;
    int quota = lathe_cpu_quota(lathe_read_system_text, NULL);
    assert_int_equal(lathe_threads_set(NULL, 0), LATHE_OK);
    assert_true(lathe_threads(NULL) >= 1);
    if (quota) assert_true(lathe_threads(NULL) <= quota);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_quota_of_each_system_is_read),
        cmocka_unit_test(the_default_keeps_to_the_quota),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
