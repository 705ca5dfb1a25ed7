#include <stdio.h>
#include <string.h>

#include <lathe/lathe.h>

#include "../command.h"
#include "../json.h"

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
    cJSON_AddStringToObject(object, "version", lathe_version());
    cJSON_AddStringToObject(object, "processor", processor);
    cJSON_AddStringToObject(object, "isa", lathe_isa());
    cJSON_AddStringToObject(object, "blas_core", lathe_blas_core());
    cJSON_AddNumberToObject(object, "threads", lathe_threads(NULL));
    cJSON_AddStringToObject(object, "real", sizeof(lathe_real) == sizeof(double) ? "double" : "float");
    cJSON_AddStringToObject(object, "compiler", LATHE_COMPILER);
    cJSON_AddStringToObject(object, "build_type", LATHE_BUILD_TYPE);
    cJSON_AddStringToObject(object, "blas", LATHE_BLAS_KIND);
    cJSON_AddStringToObject(object, "jpeg", LATHE_JPEG_KIND);
    return cli_json_print(object);
}

static int run(const cli_line *line)
{
    char processor[128];
    processor_name(processor, sizeof processor);
    const bool has_blas = !lathe_blas_start();
    if (line->json) return print_json(processor);
    printf("version       %s\n", lathe_version());
    printf("processor     %s\n", processor);
    printf("kernels       %s\n", lathe_isa());
    printf("BLAS          %s, %s%s\n", LATHE_BLAS_KIND,
        has_blas ? "core type " : "not to be had: ", has_blas ? lathe_blas_core() : lathe_error_message());
    printf("JPEG          %s\n",
        !strcmp(LATHE_JPEG_KIND, "turbo")   ? "libjpeg-turbo" :
            !strcmp(LATHE_JPEG_KIND, "stb") ? "stb_image" :
                                              "not read");
    printf("threads       %d\n", lathe_threads(NULL));
    printf("numbers       %s\n", sizeof(lathe_real) == sizeof(double) ? "double" : "float");
    printf("build         %s, %s\n", LATHE_BUILD_TYPE, LATHE_COMPILER);
    return CLI_DONE;
}

extern const cli_command lathe_info_command;
const cli_command lathe_info_command = {
    .name = "info",
    .summary = "version, processor, BLAS core type, threads, build",
    .arguments = "",
    .about = "Prints the version of lathe, its build, and the machine. LATHE_ISA (base, avx2) in\n"
             "the environment limits the instruction set.",
    .example = "lathe info --json",
    .run = run,
};
