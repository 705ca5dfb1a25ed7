/*
 * Random crops of whole photographs. A crop is drawn in the pixels of the file, and its part alone is scaled.
 * Without this, a photograph is scaled to a square first: its sides are lost, and small crops are enlarged.
 */
#include "whole_impl.h"

#include "../pictures/part_impl.h"

bool lathe_transforms_from_whole(const lathe_transforms *transforms)
{
    bool cut;
    lathe_filter filter;
    if (!transforms || !transforms->count) return false;
    const lathe_step *step = &transforms->step[0];
    return step->type && step->type->whole && step->p == 1 && step->type->whole(step->opts, &filter, &cut);
}

/* Draw the part of a photograph of height x width pixels. */
static lathe_box draw(const lathe_part *part, int height, int width)
{
    const lathe_whole_crop *crop = part->context;
    const lathe_dataset *data = crop->data;
    lathe_image in = { .channels = data->channels, .height = height, .width = width }, scaled = in,
                out = { .channels = data->channels, .height = part->height, .width = part->width };
    lathe_part_scale(data->height, data->width, data->crop_ratio, &scaled.height, &scaled.width);
    lathe_rng rng = lathe_transform_rng(crop->step, crop->seed, crop->epoch, crop->index);
    return crop->step->type->part(crop->step->opts, &rng, &in, &scaled, &out);
}

lathe_part lathe_whole_crop_part(const lathe_whole_crop *crop)
{
    const lathe_step *step = crop->step;
    lathe_part part = { .height = crop->data->height,
        .width = crop->data->width,
        .choose = draw,
        .context = crop };
    step->type->whole(step->opts, &part.filter, &part.cut);
    step->type->size(step->opts, crop->data->channels, &part.height, &part.width); /* was checked */
    return part;
}
