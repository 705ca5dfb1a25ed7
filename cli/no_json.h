/*
 * What the commands call of cJSON, doing nothing: the build option LATHE_JSON=OFF, where --json is refused.
 */
#ifndef LATHE_CLI_NO_JSON_H
#define LATHE_CLI_NO_JSON_H

#include <stddef.h>

typedef struct cJSON cJSON;

static inline cJSON *cJSON_CreateObject(void) { return NULL; }
static inline cJSON *cJSON_CreateArray(void) { return NULL; }
static inline cJSON *cJSON_CreateNumber(double number) { return (void)number, NULL; }
static inline cJSON *cJSON_CreateString(const char *text) { return (void)text, NULL; }
static inline cJSON *cJSON_CreateIntArray(const int *numbers, int count)
{
    return (void)numbers, (void)count, NULL;
}
static inline cJSON *cJSON_AddObjectToObject(cJSON *to, const char *name)
{
    return (void)to, (void)name, NULL;
}
static inline cJSON *cJSON_AddArrayToObject(cJSON *to, const char *name)
{
    return (void)to, (void)name, NULL;
}
static inline cJSON *cJSON_AddNullToObject(cJSON *to, const char *name) { return (void)to, (void)name, NULL; }
static inline cJSON *cJSON_AddNumberToObject(cJSON *to, const char *name, double number)
{
    return (void)to, (void)name, (void)number, NULL;
}
static inline cJSON *cJSON_AddStringToObject(cJSON *to, const char *name, const char *text)
{
    return (void)to, (void)name, (void)text, NULL;
}
static inline cJSON *cJSON_AddBoolToObject(cJSON *to, const char *name, int truth)
{
    return (void)to, (void)name, (void)truth, NULL;
}
static inline int cJSON_AddItemToObject(cJSON *to, const char *name, cJSON *item)
{
    return (void)to, (void)name, (void)item, 0;
}
static inline int cJSON_AddItemToArray(cJSON *to, cJSON *item) { return (void)to, (void)item, 0; }
static inline void cJSON_Delete(cJSON *object) { (void)object; }

#endif
