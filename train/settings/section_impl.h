/* Private: macros for the table of a section. */
#ifndef LATHE_TRAIN_SETTINGS_SECTION_IMPL_H
#define LATHE_TRAIN_SETTINGS_SECTION_IMPL_H

#include "section.h"

/* A key with the name of its member in lathe_settings. A function cannot make initialisers. */
#define LATHE_KEY(member, value_name, preset_text, help_text) \
    .field.name = #member, .field.offset = offsetof(lathe_settings, member), .field.help = help_text, \
    .value = value_name, .preset = preset_text
#define LATHE_TEXT_KEY(member, value_name, preset_text, help_text) \
    LATHE_KEY(member, value_name, preset_text, help_text), .text_size = sizeof((lathe_settings *)0)->member
#define LATHE_NUMBER_KEY(type, member, value_name, preset_text, help_text) \
    LATHE_KEY(member, value_name, preset_text, help_text), .field.kind = LATHE_FIELD_##type

/** 2^53: a double holds all whole numbers up to here. */
#define LATHE_KEY_MOST 9007199254740992.0

#endif
