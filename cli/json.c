#include "json.h"

#include <math.h>
#include <stdio.h>

#include <lathe/lathe.h>

#include "command.h"

static void *allocate(size_t size)
{
    return lathe_alloc(size, 1);
}

cJSON *cli_json_new(void)
{
    cJSON_InitHooks(&(cJSON_Hooks){ .malloc_fn = allocate, .free_fn = lathe_free });
    return cJSON_CreateObject();
}

void cli_json_number(cJSON *object, const char *name, double number)
{
    if (isfinite(number)) cJSON_AddNumberToObject(object, name, number);
    else cJSON_AddNullToObject(object, name);
}

int cli_json_print(cJSON *object)
{
    char *text = cJSON_PrintUnformatted(object);
    cJSON_Delete(object);
    if (!text) return cli_fail(CLI_FAILED, "out of memory while writing the results");
    puts(text);
    cJSON_free(text);
    return CLI_DONE;
}
