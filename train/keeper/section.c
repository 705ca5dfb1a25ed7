/* The keeper's settings. */
#include "../settings/section_impl.h"
#include "logger.h"

static const lathe_setting settings[] = {
    { LATHE_TEXT_KEY(save_every, "LENGTH", "",
          "also save at this distance of steps, epochs or minutes (20, 0.5ep, 5min)"),
        .flags = LATHE_SETTING_FREE | LATHE_SETTING_SILENT },
    { LATHE_NUMBER_KEY(INT, keep, "N", "3", "how many of these saves to keep"), .field.min = 1,
        .field.max = 1000000, .flags = LATHE_SETTING_FREE | LATHE_SETTING_SILENT },
    { LATHE_NUMBER_KEY(BOOL, keep_cycles, "BOOL", "false",
          "keep the weights at each end of a cycle of the schedule: cycle-N.safetensors"),
        .flags = LATHE_SETTING_FREE | LATHE_SETTING_SILENT },
    { LATHE_NUMBER_KEY(BOOL, no_times, "BOOL", "false",
          "no times in epochs.csv, so that equal runs have equal files"),
        .flags = LATHE_SETTING_FREE | LATHE_SETTING_SILENT },
    { LATHE_TEXT_KEY(log, "LIST", "", "logs in the run folder besides CSV and JSON lines: tensorboard"),
        .flags = LATHE_SETTING_FREE },
    { LATHE_TEXT_KEY(out, "DIR", "", "run folder"), .flags = LATHE_SETTING_PLACE },
    { LATHE_TEXT_KEY(resume, "DIR", "", "run folder to resume"),
        .flags = LATHE_SETTING_PLACE | LATHE_SETTING_LINE },
    { .preset = NULL },
};

static lathe_status check(const lathe_settings *s) { return lathe_loggers_check(s->log); }

const lathe_section lathe_save_section = { "save", "train", 8, settings, NULL, NULL, check };
