/* The feed's settings. */
#include "../../data/pictures/picture.h"
#include "../../data/pictures/resize.h"
#include "../../data/transforms/transform.h"
#include "../settings/section_impl.h"

static const char *const samplers[] = { "shuffle", "balanced", NULL };
static const char *const bad_images[] = { "fail", "skip", NULL };

static const char *const layouts[] = { "auto", "images", "channels", NULL };

static const lathe_setting settings[] = {
    { LATHE_TEXT_KEY(data, "NAME[:DIR]", "fashion-mnist", "data set"), .flags = LATHE_SETTING_FREE },
    { LATHE_NUMBER_KEY(DOUBLE, val_split, "FRACTION", "0.1", "part of the training data kept for validation"),
        .field.max = 1, .field.below_max = true },
    { LATHE_TEXT_KEY(fold, "K/N", "",
        "validate by part K of N instead, such as 2/5: the same N parts for one seed") },
    { LATHE_NUMBER_KEY(CHOICE, sampler, "NAME", "shuffle",
          "shuffle: every picture once an epoch; balanced: each class equally often"),
        .field.choices = samplers },
    { LATHE_NUMBER_KEY(BOOL, drop_last, "BOOL", "false",
        "leave out an epoch's last batch if it is smaller") },
    { LATHE_NUMBER_KEY(INT, cache_mib, "N", "1024",
          "keep pictures decoded or unpacked in memory if they need at most this many MiB; 0: never"),
        .field.max = 1 << 20 },
    { LATHE_NUMBER_KEY(INT, max_megapixels, "N", "32",
          "refuse picture files with more pixels; of a JPEG that is decoded smaller, those count"),
        .field.min = 1, .field.max = 1024, .flags = LATHE_SETTING_FREE },
    { LATHE_NUMBER_KEY(INT, train_count, "N", "0",
          "train on this many pictures only, each class in proportion; 0: all"),
        .field.max = 1e9 },
    { LATHE_NUMBER_KEY(INT, workers, "N", "0", "threads that assemble batches ahead of time"),
        .field.max = 256, .flags = LATHE_SETTING_FREE | LATHE_SETTING_SILENT },
    { LATHE_NUMBER_KEY(CHOICE, layout, "NAME", "auto",
          "what lies abreast in memory: sixteen images or sixteen channels; auto: by batch and picture size"),
        .field.choices = layouts },
    { LATHE_NUMBER_KEY(INT, size, "N", "0",
          "side of the pictures, for sets whose pictures can have any; 0: the set's own"),
        .field.max = 4096 },
    { LATHE_NUMBER_KEY(DOUBLE, crop_ratio, "F", "0",
          "of picture files: scale the shorter side to size / F and take the middle, random crops from the "
          "whole; 0: cover the size"),
        .field.max = 1 },
    { LATHE_NUMBER_KEY(CHOICE, interpolation, "NAME", "bilinear", "of picture files: how they are scaled"),
        .field.choices = lathe_filter_names },
    { LATHE_NUMBER_KEY(INT, channels, "N", "0",
          "1 grey, 3 colour, for sets that can be both; 0: the set's own"),
        .field.max = 3 },
    { LATHE_TEXT_KEY(mean, "LIST", "",
        "normalise by this mean of pixels from 0 to 1, one number or one a channel; empty: the set's") },
    { LATHE_TEXT_KEY(std, "LIST", "", "and divide by this; --mean 0 --std 1 leaves pixels from 0 to 1") },
    { LATHE_TEXT_KEY(augment, "LIST", "", "transforms of the training pictures: crop:4,hflip") },
    { LATHE_NUMBER_KEY(CHOICE, bad_image, "NAME", "fail",
          "when a picture cannot be read: fail, or skip it and say so"),
        .field.choices = bad_images },
    { LATHE_TEXT_KEY(background, "COLOUR", "",
        "behind transparent pixels of PNG files: white, black, grey or #rrggbb; empty: alpha is dropped") },
    { LATHE_TEXT_KEY(label_column, "LIST", "",
        "of a table: the columns of labels; empty: all that have no other meaning") },
    { .preset = NULL },
};

static lathe_status check(const lathe_settings *s)
{
    int background;
    lathe_transforms *transforms = lathe_transforms_parse(s->augment);
    lathe_transforms_free(transforms);
    return transforms ? lathe_colour_parse(s->background, &background) : lathe_error();
}

const lathe_section lathe_data_section = { "data", "data", 1, settings, NULL, NULL, check };
