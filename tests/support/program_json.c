#include "program_json.h"

#include "support.h"

cJSON *program_json(const char *path, const char *arguments)
{
    program p;
    program_run(&p, path, arguments);
    if (p.code) fail_msg("%s: exit %d: %s", arguments, p.code, p.err);
    cJSON *object = cJSON_Parse(p.out);
    if (!object) fail_msg("%s: no JSON: %s", arguments, p.out);
    program_free(&p);
    return object;
}

double json_number(const cJSON *object, const char *name)
{
    const cJSON *item = cJSON_GetObjectItem(object, name);
    if (!cJSON_IsNumber(item)) fail_msg("%s is no number", name);
    return item->valuedouble;
}
