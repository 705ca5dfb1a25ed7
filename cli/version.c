#include "version.h"

#include <string.h>

#include <lathe/lathe.h>

#include "command.h"

/* A part of the build: its key and value for programs, its name and value for people. */
typedef struct part {
    const char *key, *value, *name, *text;
} part;

#ifdef LATHE_ZLIB
#define ZLIB "zlib"
#else
#define ZLIB "none"
#endif
#ifdef LATHE_JSON
#define JSON "cjson"
#else
#define JSON "none"
#endif
#ifdef LATHE_MICROHTTPD
#define HTTP "libmicrohttpd"
#else
#define HTTP "none"
#endif

/* What a part's value is called, where its name is not the value. */
static const char *text_of(const char *value)
{
    static const char *const names[][2] = { { "openblas", "OpenBLAS, opened at the first product" },
        { "linked", "OpenBLAS, linked in" }, { "plain", "lathe's own" }, { "posix", "POSIX" },
        { "turbo", "libjpeg-turbo" }, { "stb", "stb_image" }, { "cjson", "cJSON" } };
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++)
        if (!strcmp(names[i][0], value)) return names[i][1];
    return value;
}

/* Part number `index`; false after the last. */
static bool part_at(int index, part *to)
{
    const part parts[] = {
        { "real", sizeof(lathe_real) == sizeof(double) ? "double" : "float", "numbers", NULL },
        { "isa", lathe_isa(), "kernels", NULL },
        { "blas", LATHE_BLAS_KIND, "products", NULL },
        { "threading", LATHE_THREADS_KIND, "threads", NULL },
        { "jpeg", LATHE_JPEG_KIND, "JPEG", NULL },
        { "png", LATHE_PNG_KIND, "PNG, BMP", NULL },
        { "gzip", ZLIB, "gzip", NULL },
        { "json", JSON, "JSON", NULL },
        { "mpi", lathe_dist_library(), "MPI", NULL },
        { "http", HTTP, "HTTP", NULL },
        { "build_type", LATHE_BUILD_TYPE, "build", LATHE_BUILD_TYPE ", " LATHE_COMPILER },
        { "compiler", LATHE_COMPILER, NULL, NULL },
    };
    if (index >= (int)(sizeof parts / sizeof parts[0])) return false;
    *to = parts[index];
    if (!to->text) to->text = text_of(to->value);
    return true;
}

void cli_version_rows(cli_table *table)
{
    part p;
    for (int i = 0; part_at(i, &p); i++)
        if (p.name) cli_table_row(table, (const char *const[]){ p.name, p.text });
}

void cli_version_json(cJSON *object)
{
    part p;
    cJSON_AddStringToObject(object, "version", lathe_version());
    for (int i = 0; part_at(i, &p); i++) cJSON_AddStringToObject(object, p.key, p.value);
}

int cli_version(bool json)
{
    if (json) {
        cJSON *object = cli_json_new();
        cli_version_json(object);
        return cli_json_print(object);
    }
    printf("lathe %s\n", lathe_version());
    cli_table *table = cli_table_new("ll");
    cli_version_rows(table);
    cli_table_print(table, stdout, 0);
    return CLI_DONE;
}
