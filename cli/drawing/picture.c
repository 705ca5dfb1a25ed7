#include "picture.h"

#include <string.h>

/* Add the chart to a larger picture, as a nested <svg> element with its position. */
static void add_chart(lathe_text *out, const lathe_chart *chart, int top)
{
    static const char begin[] = "<svg ";
    lathe_text part = { 0 };
    lathe_chart_svg(&part, chart);
    char *text = lathe_text_take(&part);
    if (!text) {
        out->failed = true;
        return;
    }
    lathe_text_add(out, "<svg y=\"%d\" width=\"%d\" height=\"%d\" ", top, chart->width, chart->height);
    lathe_text_put(out, text + strlen(begin));
    lathe_free(text);
}

lathe_status cli_picture_write(const char *path, const lathe_chart *chart, int count)
{
    lathe_text out = { 0 };
    int width = 0, height = 0;
    for (int i = 0; i < count; i++) {
        width = chart[i].width > width ? chart[i].width : width;
        height += chart[i].height;
    }
    lathe_text_add(&out,
        "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"%d\" height=\"%d\" viewBox=\"0 0 %d %d\" "
        "style=\"background:#fff;color:#1c1e21\">\n",
        width, height, width, height);
    for (int i = 0, top = 0; i < count; top += chart[i++].height) add_chart(&out, &chart[i], top);
    lathe_text_put(&out, "\n</svg>\n");
    char *text = lathe_text_take(&out);
    lathe_status status = text ? lathe_file_write_text(path, text) : lathe_error();
    lathe_free(text);
    return status;
}
