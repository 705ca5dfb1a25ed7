/* A schedule as --sched takes it, with 60 steps of its rates. */
#include "fuzz.h"

#include <math.h>
#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    char *text = fuzz_text(data, size, LATHE_SETTING_LONG - 1);
    lathe_settings settings = lathe_settings_default();
    lathe_step_row rows[60];
    settings.no_warnings = true;
    lathe_status status = lathe_settings_set(&settings, "sched", text);
    if (!status) status = lathe_settings_set(&settings, "base_lr", "1e-3");
    if (!status) status = lathe_settings_set(&settings, "max_lr", "1e-2");
    if (!status) status = lathe_run_preview(&settings, 20, 60, NULL, rows);
    for (int i = 0; i < 60 && !status; i++)
        fuzz_check(isfinite(rows[i].lr) && rows[i].lr >= 0, "a rate that is no rate");
    fuzz_check(!status || *lathe_error_message(), "refused without a message");
    free(text);
    lathe_error_clear();
    return 0;
}
