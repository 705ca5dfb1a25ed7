/* compare.json: the runs of a comparison, their settings and results. */
#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

#ifdef LATHE_JSON
#include <cjson/cJSON.h>
#endif

#include "../core/alloc.h"
#include "../io/text.h"
#include "compare_impl.h"

enum { FILE_LIMIT = 1 << 28 };

/* ---- writing ------------------------------------------------------------------------------------------- */

static void put_string(lathe_text *text, const char *key, const char *value)
{
    lathe_text_add(text, "\"%s\":", key);
    lathe_text_json(text, value);
    lathe_text_put(text, ",");
}

static lathe_status put_run(lathe_text *text, const lathe_compare_run *run)
{
    lathe_compare_result result = run->result;
    char *settings = lathe_settings_text(&run->settings);
    if (!settings) return lathe_error();
    lathe_text_put(text, "\n{");
    put_string(text, "group", run->group);
    lathe_text_add(text, "\"seed\":%" PRIu64 ",", run->settings.seed);
    put_string(text, "folder", run->folder);
    put_string(text, "differs", run->differs);
    put_string(text, "end", lathe_run_end_name(result.end));
    lathe_text_add(text, "\"steps\":%" PRIu64 ",\"best_epoch\":%" PRIu64 ",", result.steps,
        result.best_epoch);
    const char *name;
    double *number;
    for (int i = 0; (number = lathe_result_number(&result, i, &name)); i++) {
        lathe_text_add(text, "\"%s\":", name);
        lathe_text_number(text, *number);
        lathe_text_put(text, ",");
    }
    lathe_text_put(text, "\"settings\":");
    lathe_text_json(text, settings);
    lathe_text_put(text, "}");
    lathe_free(settings);
    return LATHE_OK;
}

lathe_status lathe_compare_write(const lathe_compare *compare)
{
    char path[LATHE_SETTING_LONG + 64];
    lathe_text text = { 0 };
    lathe_status status = lathe_compare_path(compare, "compare.json", path);
    lathe_text_put(&text, "{\"lathe\":\"compare\",\"version\":1,\"tests\":[");
    for (int i = 0; i < compare->tests; i++) {
        if (i) lathe_text_put(&text, ",");
        lathe_text_json(&text, compare->test[i]);
    }
    lathe_text_put(&text, "],\"runs\":[");
    for (size_t i = 0; i < compare->runs && !status; i++) {
        if (i) lathe_text_put(&text, ",");
        status = put_run(&text, &compare->run[i]);
    }
    lathe_text_put(&text, "\n]}\n");
    if (status) {
        lathe_text_free(&text);
        return status;
    }
    char *chars = lathe_text_take(&text);
    status = chars ? lathe_file_write_text(path, chars) : lathe_error();
    lathe_free(chars);
    return status;
}

/* ---- reading ------------------------------------------------------------------------------------------- */

#ifndef LATHE_JSON

lathe_compare *lathe_compare_read(const char *folder)
{
    if (!folder) return lathe_fail_null("lathe_compare_read", "folder"), NULL;
    lathe_fail(LATHE_ESTATE, "%s: this build reads no comparisons; build with -DLATHE_JSON=ON", folder);
    return NULL;
}

#else

/* Copy a string member into `size` characters. Returns false if it is missing or too long. */
static bool take_string(const cJSON *object, const char *name, char *room, size_t size)
{
    const char *value = cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(object, name));
    if (!value || strlen(value) >= size) return false;
    snprintf(room, size, "%s", value);
    return true;
}

static bool take_count(const cJSON *object, const char *name, uint64_t *count)
{
    const cJSON *item = cJSON_GetObjectItemCaseSensitive(object, name);
    if (!cJSON_IsNumber(item) || !(item->valuedouble >= 0 && item->valuedouble <= 9007199254740992.0))
        return false;
    *count = (uint64_t)item->valuedouble;
    return true;
}

static bool take_result(const cJSON *object, lathe_compare_result *result)
{
    char end[32];
    const char *name;
    double *number;
    if (!take_string(object, "end", end, sizeof end) || !lathe_run_end_find(end, &result->end)) return false;
    for (int i = 0; (number = lathe_result_number(result, i, &name)); i++) {
        const cJSON *item = cJSON_GetObjectItemCaseSensitive(object, name);
        if (item && !cJSON_IsNumber(item) && !cJSON_IsNull(item)) return false;
        *number = cJSON_IsNumber(item) ? item->valuedouble : (double)NAN;
    }
    return take_count(object, "steps", &result->steps) &&
        take_count(object, "best_epoch", &result->best_epoch);
}

/* A run's folder stays below the comparison's. */
static bool stays_below(const char *folder) { return *folder && *folder != '/' && !strstr(folder, ".."); }

static lathe_status take_run(const lathe_compare *compare, const char *path, const cJSON *object,
    lathe_compare_run *run)
{
    bool good = take_string(object, "group", run->group, sizeof run->group) &&
        take_string(object, "folder", run->folder, sizeof run->folder) && stays_below(run->folder) &&
        take_string(object, "differs", run->differs, sizeof run->differs) &&
        take_result(object, &run->result);
    const char *settings = cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(object, "settings"));
    if (!good || !settings)
        return lathe_fail(LATHE_EFORMAT, "%s: run '%s' is not complete", path, run->folder);
    run->settings = lathe_settings_default();
    char *text = lathe_strdup(settings);
    lathe_status status = text ? lathe_settings_parse(&run->settings, text, path) : lathe_error();
    lathe_free(text);
    return status ?
        status :
        lathe_file_join(compare->folder, run->folder, run->settings.out, sizeof run->settings.out);
}

static lathe_status take_runs(lathe_compare *compare, const char *path, const cJSON *file)
{
    const cJSON *runs = cJSON_GetObjectItemCaseSensitive(file, "runs"), *object;
    const char *kind = cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(file, "lathe"));
    if (!kind || strcmp(kind, "compare") || !cJSON_IsArray(runs) || !cJSON_GetArraySize(runs))
        return lathe_fail(LATHE_EFORMAT, "%s: not a comparison of lathe", path);
    compare->run = lathe_alloc((size_t)cJSON_GetArraySize(runs), sizeof *compare->run);
    lathe_status status = compare->run ? LATHE_OK : lathe_error();
    cJSON_ArrayForEach(object, runs) if (!status) status =
        take_run(compare, path, object, &compare->run[compare->runs++]);
    const cJSON *test;
    cJSON_ArrayForEach(test, cJSON_GetObjectItemCaseSensitive(file, "tests")) if (!status) status =
        cJSON_IsString(test) ? lathe_compare_add_test(compare, test->valuestring) :
                               lathe_fail(LATHE_EFORMAT, "%s: a test is no text", path);
    return status;
}

lathe_compare *lathe_compare_read(const char *folder)
{
    char path[LATHE_SETTING_LONG + 64];
    size_t size;
    if (!folder) return lathe_fail_null("lathe_compare_read", "folder"), NULL;
    if (strlen(folder) >= LATHE_SETTING_LONG)
        return lathe_fail(LATHE_EARG, "lathe_compare_read: the folder's name is too long"), NULL;
    lathe_compare *compare = lathe_alloc(1, sizeof *compare);
    if (!compare) return NULL;
    snprintf(compare->folder, sizeof compare->folder, "%s", folder);
    lathe_status status = lathe_compare_path(compare, "compare.json", path);
    char *text = status ? NULL : lathe_file_read(path, FILE_LIMIT, &size);
    cJSON *file = text ? cJSON_ParseWithLength(text, size) : NULL;
    if (text && !file) lathe_fail(LATHE_EFORMAT, "%s: not JSON", path);
    status = file ? take_runs(compare, path, file) : lathe_error();
    cJSON_Delete(file);
    lathe_free(text);
    if (!status) return compare;
    lathe_compare_free(compare);
    return NULL;
}

#endif
