/* The results of a comparison as a picture: one row a variant, one dot a seed, and a mark at the mean. */
#include <math.h>
#include <string.h>

#include "compare.h"

enum { WIDTH = 720, ROW = 24, TOP = 40, BOTTOM = 30, RIGHT = 110, LETTER = 7 };

/* The map from accuracies to pixels. */
typedef struct axis {
    double low, high; /* in percent */
    int left;
} axis;

static double place(const axis *a, double percent)
{
    return a->left + (percent - a->low) / (a->high - a->low) * (WIDTH - RIGHT - a->left);
}

/* The median of the variants' mean accuracies; 0 without variants. */
static double middle_of(const lathe_variant *variant, int count)
{
    for (int g = 0; g < count; g++) {
        int less = 0, more = 0;
        for (int h = 0; h < count; h++) {
            less += variant[h].accuracy.mean < variant[g].accuracy.mean;
            more += variant[h].accuracy.mean > variant[g].accuracy.mean;
        }
        if (less <= more + 1 && more <= less + 1 && isfinite(variant[g].accuracy.mean))
            return variant[g].accuracy.mean;
    }
    return 0;
}

/* From the best down; what is far below the others lies at the edge, with its number, so that small
 * differences can be seen. */
static axis axis_of(const lathe_compare *compare, const lathe_variant *variant, int count)
{
    double low = HUGE_VAL, high = -HUGE_VAL;
    int letters = 0;
    for (size_t i = 0; i < compare->runs; i++) {
        double accuracy = compare->run[i].result.test_accuracy;
        if (isfinite(accuracy)) low = fmin(low, accuracy), high = fmax(high, accuracy);
    }
    if (low > high) low = 0, high = 1;
    low = fmax(low, high - 3 * fmax(high - middle_of(variant, count), 0.005));
    for (int g = 0; g < count; g++)
        letters = (int)strlen(variant[g].name) > letters ? (int)strlen(variant[g].name) : letters;
    if (letters > 40) letters = 40;
    return (axis){ 100 * low - 0.2, 100 * high + 0.2, 16 + LETTER * letters };
}

static void number(lathe_text *out, double value)
{
    char text[32];
    lathe_text_put(out, lathe_double_text(round(value * 10) / 10, text));
}

static void ticks(lathe_text *out, const axis *a, int bottom)
{
    static const double factor[] = { 2, 2.5, 2 }; /* 1, 2, 5, 10 */
    double step = 0.1;
    for (int i = 0; (a->high - a->low) / step > 8; i++) step *= factor[i % 3];
    for (double tick = ceil(a->low / step) * step; tick <= a->high; tick += step) {
        lathe_text_put(out, "<path class=\"grid\" d=\"M");
        number(out, place(a, tick));
        lathe_text_add(out, " %dV%d\"/><text class=\"tick\" text-anchor=\"middle\" y=\"%d\" x=\"", TOP - 8,
            bottom, bottom + 16);
        number(out, place(a, tick));
        lathe_text_add(out, "\">%.4g</text>\n", tick);
    }
}

static void dot(lathe_text *out, const axis *a, double percent, int y)
{
    lathe_text_add(out, "<circle r=\"3.5\" class=\"%s\" cy=\"%d\" cx=\"", percent < a->low ? "off" : "dot",
        y);
    number(out, place(a, fmax(percent, a->low)));
    lathe_text_put(out, "\"/>\n");
}

static void row(lathe_text *out, const axis *a, const lathe_compare *compare, const lathe_variant *variant,
    int y)
{
    lathe_text_add(out, "<text x=\"8\" y=\"%d\">", y + 4);
    lathe_text_html(out, variant->name);
    lathe_text_put(out, "</text>\n");
    for (size_t i = 0; i < compare->runs; i++) {
        const lathe_compare_run *run = &compare->run[i];
        if (!strcmp(run->group, variant->name) && isfinite(run->result.test_accuracy))
            dot(out, a, 100 * run->result.test_accuracy, y);
    }
    const double mean = 100 * variant->accuracy.mean;
    if (isfinite(mean) && mean >= a->low) {
        lathe_text_put(out, "<path class=\"mean\" d=\"M");
        number(out, place(a, mean));
        lathe_text_add(out, " %dv16\"/>\n", y - 8);
    }
    lathe_text_add(out, "<text class=\"tick\" text-anchor=\"end\" x=\"%d\" y=\"%d\">", WIDTH - 8, y + 4);
    if (variant->diverged == variant->runs) lathe_text_put(out, "diverged");
    else if (isfinite(mean) && variant->accuracy.count > 1)
        lathe_text_add(out, "%.2f \xc2\xb1 %.2f", mean, 100 * variant->accuracy.deviation);
    else if (isfinite(mean)) lathe_text_add(out, "%.2f", mean);
    lathe_text_put(out, "</text>\n");
}

lathe_status cli_results_svg(const char *path, const cli_results *results)
{
    const lathe_compare *compare = results->compare;
    const lathe_variant *variant = results->variant;
    const int count = results->variants;
    const axis a = axis_of(compare, variant, count);
    const int bottom = TOP + ROW * count, height = bottom + BOTTOM;
    lathe_text out = { 0 };
    lathe_text_add(&out,
        "<svg xmlns=\"http://www.w3.org/2000/svg\" role=\"img\" width=\"%d\" height=\"%d\" viewBox=\"0 0 %d "
        "%d\" "
        "style=\"background:#fff;color:#1c1e21;font:12px sans-serif\" fill=\"currentColor\">\n",
        WIDTH, height, WIDTH, height);
    lathe_text_put(&out,
        "<style>.grid{stroke:currentColor;stroke-opacity:.15}.tick{fill-opacity:.75}.dot{fill:#0072b2;fill-"
        "opacity:.6}"
        ".off{fill:none;stroke:#0072b2}.mean{stroke:#d55e00;stroke-width:2}</style>\n<title>test accuracy of "
        "each variant</title>\n");
    lathe_text_put(&out,
        "<text x=\"8\" y=\"20\" font-weight=\"bold\">test accuracy, %: a dot a seed, upright the "
        "mean</text>\n");
    ticks(&out, &a, bottom - 8);
    for (int g = 0; g < count; g++) row(&out, &a, compare, &variant[g], TOP + ROW * g + 4);
    lathe_text_put(&out, "</svg>\n");
    char *text = lathe_text_take(&out);
    lathe_status status = text ? lathe_file_write_text(path, text) : lathe_error();
    lathe_free(text);
    return status;
}
