#include "window_impl.h"

#include "../layer_impl.h"

bool lathe_layer_window_is_fine(lathe_model *model, const char *who, const lathe_layer_window *w)
{
    const struct {
        const char *name;
        int value, least;
    } settings[] = { { "kernel", w->kernel, 1 }, { "kernel_width", w->kernel_width, 0 },
        { "stride", w->stride, 1 }, { "stride_width", w->stride_width, 0 }, { "padding", w->padding, 0 },
        { "padding_sides.top", w->sides.top, 0 }, { "padding_sides.bottom", w->sides.bottom, 0 },
        { "padding_sides.left", w->sides.left, 0 }, { "padding_sides.right", w->sides.right, 0 },
        { "dilation", w->dilation, 1 }, { "dilation_width", w->dilation_width, 0 } };
    for (size_t i = 0; i < sizeof settings / sizeof *settings; i++)
        if (!lathe_layer_argument(model, who, settings[i].name, settings[i].value, settings[i].least))
            return false;
    const lathe_sides *s = &w->sides;
    if (!w->same || !(w->padding || s->top || s->bottom || s->left || s->right)) return true;
    lathe_model_fail(model, LATHE_EARG, "%s: same chooses the padding, but padding is given, too", who);
    return false;
}

/* Append a setting that is not the usual one on both axes. */
static void describe_pair(char *text, size_t size, const char *name, int down, int across, int usual)
{
    if (!across) across = down;
    if (down != across) lathe_describe(text, size, ", %s %dx%d", name, down, across);
    else if (down != usual) lathe_describe(text, size, ", %s %d", name, down);
}

void lathe_describe_window(char *text, size_t size, const lathe_layer_window *w, int stride)
{
    lathe_describe(text, size, "%dx%d", w->kernel, w->kernel_width ? w->kernel_width : w->kernel);
    describe_pair(text, size, "stride", w->stride, w->stride_width, stride);
    const lathe_sides *s = &w->sides;
    int p = w->padding;
    if (w->same) lathe_describe(text, size, ", padding same");
    else if (s->top || s->bottom || s->left || s->right)
        lathe_describe(text, size, ", padding top %d bottom %d left %d right %d", p + s->top, p + s->bottom,
            p + s->left, p + s->right);
    else if (p) lathe_describe(text, size, ", padding %d", p);
    describe_pair(text, size, "dilation", w->dilation, w->dilation_width, 1);
}
