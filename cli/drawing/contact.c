#include "contact.h"

#include <string.h>

#ifdef LATHE_STB
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wconversion"
#pragma GCC diagnostic ignored "-Wsign-conversion"
#pragma GCC diagnostic ignored "-Wmissing-prototypes"
#pragma GCC diagnostic ignored "-Wcast-qual"
#pragma GCC diagnostic ignored "-Wunused-parameter"
#pragma GCC diagnostic ignored "-Wpedantic"
#pragma GCC diagnostic ignored "-Wextra"
#define STBIW_MALLOC(size) lathe_alloc(1, size)
#define STBIW_FREE(block) lathe_free(block)
#define STBIW_REALLOC_SIZED(block, old, new) lathe_grow(block, old, new, 1)
#define STBI_WRITE_NO_STDIO
#define STB_IMAGE_WRITE_STATIC
#define STB_IMAGE_WRITE_IMPLEMENTATION
#include <stb/stb_image_write.h>
#define STB_EASY_FONT_IMPLEMENTATION
#include <stb/stb_easy_font.h>
#pragma GCC diagnostic pop
#pragma GCC diagnostic ignored \
    "-Wunused-function" /* declarations of what is left out stay; told at the file's end */
#endif

enum { GAP = 4, NAME = 12, LEAST = 64, PAPER = 250, INK = 30 };

cli_sheet *cli_sheet_new(int channels, int height, int width, int most, int columns)
{
    cli_sheet *sheet = lathe_alloc(1, sizeof *sheet);
    if (!sheet) return NULL;
    int longer = height > width ? height : width;
    *sheet = (cli_sheet){ .channels = channels,
        .height = height,
        .width = width,
        .zoom = longer < LEAST ? (LEAST + longer - 1) / longer : 1,
        .columns = columns < most ? columns : most,
        .rows = (most + columns - 1) / columns };
    double across = GAP + (double)sheet->columns * (width * sheet->zoom + GAP),
           down = GAP + (double)sheet->rows * (height * sheet->zoom + NAME + GAP);
    if (across * down > 64e6)
        lathe_fail(LATHE_EARG, "a sheet of %.0f x %.0f pixels: show fewer pictures, or smaller ones", across,
            down);
    else {
        sheet->across = (int)across;
        sheet->down = (int)down;
        sheet->pixels = lathe_alloc_raw(lathe_times((size_t)sheet->across, (size_t)sheet->down), 3);
    }
    if (sheet->pixels) {
        memset(sheet->pixels, PAPER, (size_t)sheet->across * (size_t)sheet->down * 3);
        return sheet;
    }
    lathe_free(sheet);
    return NULL;
}

void cli_sheet_free(cli_sheet *sheet)
{
    if (sheet) lathe_free(sheet->pixels);
    lathe_free(sheet);
}

#ifdef LATHE_STB

/* A corner of a letter's rectangle, as stb_easy_font gives four of them. */
typedef struct corner {
    float x, y, z;
    unsigned char colour[4];
} corner;

/* Letters are rectangles of ink; what lies right of `most` pixels is left out. Only ASCII has letters there.
 */
static void write_name(cli_sheet *sheet, int left, int top, int most, const char *name)
{
    static corner corners[4 * 2048];
    char text[128];
    size_t length = strlen(name) < sizeof text ? strlen(name) : sizeof text - 1;
    for (size_t i = 0; i < length; i++) text[i] = name[i] >= ' ' && name[i] < 127 ? name[i] : '?';
    text[length] = '\0';
    int rectangles = stb_easy_font_print(0, 0, text, NULL, corners, sizeof corners);
    for (int i = 0; i < rectangles; i++) {
        const corner *from = &corners[4 * i], *to = &corners[4 * i + 2];
        for (int y = (int)from->y; y < (int)to->y && y < NAME; y++)
            for (int x = (int)from->x; x < (int)to->x && x < most; x++)
                memset(sheet->pixels + ((size_t)(top + y) * (size_t)sheet->across + (size_t)(left + x)) * 3,
                    INK, 3);
    }
}

#endif

void cli_sheet_add(cli_sheet *sheet, const lathe_image *image, const char *name)
{
    if (sheet->count >= sheet->columns * sheet->rows || image->height > sheet->height ||
        image->width > sheet->width)
        return;
    int zoom = sheet->zoom, left = GAP + sheet->count % sheet->columns * (sheet->width * zoom + GAP);
    int top = GAP + sheet->count / sheet->columns * (sheet->height * zoom + NAME + GAP);
    size_t area = (size_t)image->height * (size_t)image->width;
    for (int y = 0; y < image->height * zoom; y++) {
        uint8_t *to = sheet->pixels + ((size_t)(top + y) * (size_t)sheet->across + (size_t)left) * 3;
        for (int x = 0; x < image->width * zoom; x++)
            for (int c = 0; c < 3; c++)
                *to++ = image->pixels[(image->channels >= 3 ? (size_t)c * area : 0) +
                    (size_t)(y / zoom) * (size_t)image->width + (size_t)(x / zoom)];
    }
#ifdef LATHE_STB
    write_name(sheet, left, top + sheet->height * zoom + 2, sheet->width * zoom, name);
#else
    (void)name;
#endif
    sheet->count++;
}

/* The number of used rows. */
static int used_rows(const cli_sheet *sheet)
{
    int rows = (sheet->count + sheet->columns - 1) / sheet->columns;
    return GAP + rows * (sheet->height * sheet->zoom + NAME + GAP);
}

#ifdef LATHE_STB

static void take_bytes(void *context, void *bytes, int size)
{
    lathe_bytes *part = context;
    void *copy = lathe_alloc_raw((size_t)size, 1);
    if (copy) *part = (lathe_bytes){ memcpy(copy, bytes, (size_t)size), (size_t)size };
}

lathe_status cli_sheet_write(const cli_sheet *sheet, const char *path)
{
    lathe_bytes part = { 0 };
    stbi_write_png_compression_level = 9;
    int made = stbi_write_png_to_func(take_bytes, &part, sheet->across, used_rows(sheet), 3, sheet->pixels,
        3 * sheet->across);
    if (!made || !part.size) return lathe_fail(LATHE_ENOMEM, "%s: not enough memory for the picture", path);
    lathe_status status = lathe_file_write(path, &part, 1);
    lathe_free((void *)(uintptr_t)part.data);
    return status;
}

#else

lathe_status cli_sheet_write(const cli_sheet *sheet, const char *path)
{
    (void)sheet, (void)used_rows;
    return lathe_fail(LATHE_ESTATE, "%s: this build writes no PNG files; build with -DLATHE_PNG=stb", path);
}

#endif

/* The mean of a block of the sheet. */
static void block_mean(const cli_sheet *sheet, int left, int top, int side, int rgb[3])
{
    int sum[3] = { 0 }, count = 0;
    for (int y = top; y < top + side && y < sheet->down; y++)
        for (int x = left; x < left + side && x < sheet->across; x++, count++)
            for (int c = 0; c < 3; c++)
                sum[c] += sheet->pixels[((size_t)y * (size_t)sheet->across + (size_t)x) * 3 + (size_t)c];
    for (int c = 0; c < 3; c++) rgb[c] = count ? sum[c] / count : PAPER;
}

void cli_sheet_preview(const cli_sheet *sheet, FILE *file)
{
    int side = (sheet->across + 79) / 80, down = used_rows(sheet);
    for (int y = 0; y < down; y += 2 * side) {
        for (int x = 0; x + side <= sheet->across || !x; x += side) {
            int above[3], below[3];
            block_mean(sheet, x, y, side, above);
            block_mean(sheet, x, y + side, side, below);
            fprintf(file, "\x1b[38;2;%d;%d;%dm\x1b[48;2;%d;%d;%dm\u2580", above[0], above[1], above[2],
                below[0], below[1], below[2]);
        }
        fputs("\x1b[0m\n", file);
    }
}
