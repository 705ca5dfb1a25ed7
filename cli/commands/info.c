#include <stdio.h>
#include <string.h>

#include <lathe/lathe.h>

#include "../command.h"
#include "../json.h"
#include "../version.h"

/* "Intel(R) Xeon(R) ..." from /proc/cpuinfo; or "unknown". */
static void processor_name(char *text, size_t size)
{
    snprintf(text, size, "unknown");
    FILE *file = fopen("/proc/cpuinfo", "r");
    if (!file) return;
    char line[512];
    while (fgets(line, sizeof line, file)) {
        const char *colon = strchr(line, ':');
        if (strncmp(line, "model name", 10) || !colon) continue;
        snprintf(text, size, "%.*s", (int)strcspn(colon + 2, "\n"), colon + 2);
        break;
    }
    fclose(file);
}

static int print_json(const char *processor)
{
    cJSON *object = cli_json_new();
    cli_version_json(object);
    cJSON_AddStringToObject(object, "processor", processor);
    cJSON_AddStringToObject(object, "blas_core", lathe_blas_core());
    cJSON_AddNumberToObject(object, "threads", lathe_threads(NULL));
    return cli_json_print(object);
}

static int run(const cli_line *line)
{
    char processor[128], threads[16];
    processor_name(processor, sizeof processor);
    const bool has_blas = !lathe_blas_start();
    if (line->json) return print_json(processor);
    snprintf(threads, sizeof threads, "%d", lathe_threads(NULL));
    cli_table *table = cli_table_new("ll");
    cli_table_row(table, (const char *const[]){ "version", lathe_version() });
    cli_version_rows(table);
    cli_table_row(table, (const char *const[]){ "processor", processor });
    cli_table_row(table, (const char *const[]){ "at once", threads });
    cli_table_row(table,
        (const char *const[]){ "BLAS core", has_blas ? lathe_blas_core() : lathe_error_message() });
    cli_table_print(table, stdout, 0);
    return CLI_DONE;
}

extern const cli_command lathe_info_command;
const cli_command lathe_info_command = {
    .name = "info",
    .summary = "version, what was built in, processor, BLAS core type, threads",
    .arguments = "",
    .about = "Prints the version of lathe, what was built in, and the machine. LATHE_ISA (base, avx2) in\n"
             "the environment limits the instruction set.",
    .example = "lathe info --json",
    .run = run,
};
