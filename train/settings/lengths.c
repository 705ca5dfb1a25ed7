/* Settings that are lengths or times: "500", "2.5ep", "5min". */
#include <string.h>

#include "section_impl.h"

lathe_status lathe_settings_length(const char *key, const char *text, double steps_per_epoch, uint64_t *steps)
{
    if (!key || !text || !steps)
        return lathe_fail_null("lathe_settings_length", !key ? "key" : !text ? "text" : "steps");
    const lathe_field field[] = { { .name = key, .kind = LATHE_FIELD_STEPS, .max = LATHE_KEY_MOST },
        { .name = NULL } };
    return lathe_fields_set("settings", field, steps, key, text, steps_per_epoch);
}

/* Read a time such as "5min" in seconds. Returns false if it is not a time. */
static bool parse_time(const char *text, double *seconds)
{
    static const struct {
        const char *unit;
        double seconds;
    } units_of_time[] = { { "s", 1 }, { "min", 60 }, { "h", 3600 } };
    char number[32];
    size_t length = strspn(text, "0123456789.");
    if (!length || length >= sizeof number) return false;
    memcpy(number, text, length);
    number[length] = '\0';
    for (size_t i = 0; i < sizeof units_of_time / sizeof units_of_time[0]; i++)
        if (!strcmp(text + length, units_of_time[i].unit) && lathe_parse_double(number, seconds)) {
            *seconds *= units_of_time[i].seconds;
            return true;
        }
    return false;
}

lathe_status lathe_settings_save_every(const lathe_settings *settings, double steps_per_epoch,
    lathe_save_every *every)
{
    if (!settings || !every)
        return lathe_fail_null("lathe_settings_save_every", !settings ? "settings" : "every");
    const char *text = settings->save_every;
    *every = (lathe_save_every){ 0 };
    if (!*text || parse_time(text, &every->seconds)) return LATHE_OK;
    return lathe_settings_length("save_every", text, steps_per_epoch, &every->steps);
}

/*
 * Convert "0.1ep" or "50it" to steps, with the fraction. "off" and lengths of 0 give 0. A tenth of an epoch
 * of 844 steps is 84.4 steps: with 84 the measurements would move along the epochs.
 */
static lathe_status read_distance(const char *key, const char *text, double steps_per_epoch, double *distance)
{
    uint64_t steps;
    char number[32];
    *distance = 0;
    if (!strcmp(text, "off")) return LATHE_OK;
    lathe_status status = lathe_settings_length(key, text, steps_per_epoch, &steps);
    const size_t length = strspn(text, "0123456789.");
    if (status || !length || length >= sizeof number) return status;
    memcpy(number, text, length);
    number[length] = '\0';
    *distance = (double)steps;
    if (!strcmp(text + length, "ep") && lathe_parse_double(number, distance)) *distance *= steps_per_epoch;
    return LATHE_OK;
}

lathe_status lathe_settings_eval_every(const lathe_settings *settings, double steps_per_epoch,
    double *distance)
{
    if (!settings || !distance)
        return lathe_fail_null("lathe_settings_eval_every", !settings ? "settings" : "distance");
    lathe_status status = read_distance("eval_every", settings->eval_every, steps_per_epoch, distance);
    if (!status && settings->best == LATHE_BEST_EVAL && !(*distance > 0))
        status = lathe_fail(LATHE_EARG,
            "settings: best = eval, but nothing is measured within an epoch: give eval_every (0.1ep)");
    return status;
}

lathe_status lathe_settings_probe_every(const lathe_settings *settings, double steps_per_epoch,
    double *distance)
{
    if (!settings || !distance)
        return lathe_fail_null("lathe_settings_probe_every", !settings ? "settings" : "distance");
    lathe_status status = read_distance("probe_every", settings->probe_every, steps_per_epoch, distance);
    if (!*settings->probe) *distance = 0;
    return status;
}

lathe_status lathe_settings_unfreeze_after(const lathe_settings *settings, double steps_per_epoch,
    uint64_t *step)
{
    if (!settings || !step)
        return lathe_fail_null("lathe_settings_unfreeze_after", settings ? "step" : "settings");
    *step = UINT64_MAX;
    if (!*settings->unfreeze_after) return LATHE_OK;
    return lathe_settings_length("unfreeze_after", settings->unfreeze_after, steps_per_epoch, step);
}

lathe_status lathe_settings_swa(const lathe_settings *settings, double steps_per_epoch, lathe_swa *swa)
{
    if (!settings || !swa) return lathe_fail_null("lathe_settings_swa", settings ? "swa" : "settings");
    *swa = (lathe_swa){ 0 };
    if (!*settings->swa_start) return LATHE_OK;
    if (settings->ema > 0)
        return lathe_fail(LATHE_EARG,
            "settings: ema = %g and swa_start = %s: choose one average of the weights", settings->ema,
            settings->swa_start);
    lathe_status status =
        lathe_settings_length("swa_start", settings->swa_start, steps_per_epoch, &swa->start);
    if (!status)
        status = lathe_settings_length("swa_every", settings->swa_every, steps_per_epoch, &swa->every);
    if (!status && !swa->every)
        status = lathe_fail(LATHE_EARG, "settings: swa_every = %s is not legal: a step or more",
            settings->swa_every);
    return status;
}
