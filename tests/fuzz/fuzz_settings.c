/* A settings file; what is read is written and read again. */
#include "fuzz.h"

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    char *text = fuzz_text(data, size, 1 << 14);
    lathe_settings settings = lathe_settings_default(), again = lathe_settings_default();
    if (!lathe_settings_parse(&settings, text, "it.ini") && !lathe_settings_check(&settings)) {
        char *written = lathe_settings_text(&settings), *copy = written ? lathe_strdup(written) : NULL;
        fuzz_check(copy && !lathe_settings_parse(&again, copy, "again.ini"),
            "what is written cannot be read");
        char *twice = lathe_settings_text(&again);
        fuzz_check(twice && !strcmp(twice, written), "settings change when they are written and read");
        lathe_free(written), lathe_free(copy), lathe_free(twice);
    } else fuzz_check(*lathe_error_message() != '\0', "refused without a message");
    free(text);
    lathe_error_clear();
    return 0;
}
