#include "json.h"

#include <math.h>
#include <stdio.h>

#include <lathe/lathe.h>

#include "command.h"

#ifndef LATHE_JSON

bool cli_has_json(void) { return false; }
cJSON *cli_json_new(void) { return NULL; }
void cli_json_number(cJSON *object, const char *name, double number)
{
    (void)object, (void)name, (void)number;
}
void cli_json_add(cJSON *array, double number) { (void)array, (void)number; }
int cli_json_print(cJSON *object) { return (void)object, CLI_FAILED; }

#else

bool cli_has_json(void) { return true; }

static void *allocate(size_t size) { return lathe_alloc(size, 1); }

cJSON *cli_json_new(void)
{
    cJSON_InitHooks(&(cJSON_Hooks){ .malloc_fn = allocate, .free_fn = lathe_free });
    return cJSON_CreateObject();
}

/* cJSON may print a number with another last digit. */
static cJSON *exact(double number)
{
    char text[32];
    return isfinite(number) ? cJSON_CreateRaw(lathe_double_text(number, text)) : cJSON_CreateNull();
}

void cli_json_number(cJSON *object, const char *name, double number)
{
    cJSON_AddItemToObject(object, name, exact(number));
}

void cli_json_add(cJSON *array, double number) { cJSON_AddItemToArray(array, exact(number)); }

/* Names from outside may be any bytes: those that are not UTF-8 are written as U+FFFD, for JSON has no
 * others. */
static void put_utf8(const char *text)
{
    while (*text) {
        int length = lathe_utf8_length(text);
        fwrite(length ? text : "\xef\xbf\xbd", 1, length ? (size_t)length : 3, stdout);
        text += length ? length : 1;
    }
    putchar('\n');
}

int cli_json_print(cJSON *object)
{
    char *text = cJSON_PrintUnformatted(object);
    cJSON_Delete(object);
    if (!text) return cli_fail(CLI_FAILED, "out of memory while writing the results");
    put_utf8(text);
    cJSON_free(text);
    return CLI_DONE;
}

#endif
