/* Colours of a picture, changed in place. */
#include <math.h>
#include <string.h>

#include "transform_impl.h"

static size_t area_of(const lathe_image *image) { return (size_t)image->height * (size_t)image->width; }

/* The number of colour channels, without alpha. */
static int colours_of(const lathe_image *image) { return image->channels >= 3 ? 3 : image->channels; }

static uint8_t to_byte(double value) { return (uint8_t)(value < 0 ? 0 : value > 255 ? 255 : value + 0.5); }

void lathe_image_map(lathe_image *image, const uint8_t table[256])
{
    size_t count = area_of(image) * (size_t)colours_of(image);
    for (size_t i = 0; i < count; i++) image->pixels[i] = table[image->pixels[i]];
}

void lathe_image_brightness(lathe_image *image, double factor)
{
    uint8_t table[256];
    for (int v = 0; v < 256; v++) table[v] = to_byte(v * factor);
    lathe_image_map(image, table);
}

int lathe_image_grey(const lathe_image *image, size_t i)
{
    const uint8_t *at = image->pixels + i;
    size_t area = area_of(image);
    return image->channels < 3 ? at[0] : (at[0] * 4899 + at[area] * 9617 + at[2 * area] * 1868 + 8192) >> 14;
}

void lathe_image_contrast(lathe_image *image, double factor)
{
    uint64_t sum = 0;
    uint8_t table[256];
    size_t area = area_of(image);
    for (size_t i = 0; i < area; i++) sum += (uint64_t)lathe_image_grey(image, i);
    double mean = (double)sum / (double)area;
    for (int v = 0; v < 256; v++) table[v] = to_byte(v * factor + mean * (1 - factor));
    lathe_image_map(image, table);
}

void lathe_image_saturation(lathe_image *image, double factor)
{
    size_t area = area_of(image);
    if (image->channels < 3) return;
    for (size_t i = 0; i < area; i++) {
        double grey = lathe_image_grey(image, i) * (1 - factor);
        for (size_t c = 0; c < 3; c++)
            image->pixels[c * area + i] = to_byte(image->pixels[c * area + i] * factor + grey);
    }
}

/* The hue, 0 ... 6, of a colour that is not grey. */
static double hue_of(const int rgb[3], int most, int range)
{
    if (most == rgb[0]) return (double)(rgb[1] - rgb[2]) / range + (rgb[1] < rgb[2] ? 6 : 0);
    if (most == rgb[1]) return (double)(rgb[2] - rgb[0]) / range + 2;
    return (double)(rgb[0] - rgb[1]) / range + 4;
}

void lathe_image_hue(lathe_image *image, double turn)
{
    size_t area = area_of(image);
    if (image->channels < 3) return;
    for (size_t i = 0; i < area; i++) {
        uint8_t *at = image->pixels + i;
        int rgb[3] = { at[0], at[area], at[2 * area] };
        int most = rgb[0] > rgb[1] ? rgb[0] : rgb[1], least = rgb[0] < rgb[1] ? rgb[0] : rgb[1];
        if (rgb[2] > most) most = rgb[2];
        if (rgb[2] < least) least = rgb[2];
        if (most == least) continue;
        double hue = hue_of(rgb, most, most - least) + 6 * turn;
        for (int c = 0; c < 3; c++) { /* a channel's distance from the largest, as a function of the hue */
            double k = fmod((c == 0 ? 5 : c == 1 ? 3 : 1) + hue + 12, 6);
            double down = fmin(fmin(k, 4 - k), 1);
            at[(size_t)c * area] = to_byte(most - (most - least) * fmax(down, 0));
        }
    }
}

void lathe_image_histogram(const lathe_image *image, int c, uint32_t count[256])
{
    size_t area = area_of(image);
    memset(count, 0, 256 * sizeof *count);
    for (size_t i = 0; i < area; i++) count[image->pixels[(size_t)c * area + i]]++;
}

/* Pillow: each value becomes the sum of the counts before it (and half a step), in steps of a 255th of the
 * whole. */
static void pil_table(const uint32_t count[256], uint8_t table[256])
{
    uint64_t total = 0, last = 0, used = 0;
    for (int v = 0; v < 256; v++) {
        total += count[v];
        used += count[v] > 0;
        if (count[v]) last = count[v];
    }
    uint64_t step = (total - last) / 255, sum = step / 2;
    for (int v = 0; v < 256; v++) {
        table[v] = (uint8_t)(used <= 1 || !step ? (uint64_t)v : sum / step > 255 ? 255 : sum / step);
        sum += count[v];
    }
}

/* OpenCV: the lowest value becomes 0, every other value its cumulative part of the other counts. */
static void cv_table(const uint32_t count[256], uint8_t table[256])
{
    uint64_t total = 0, sum = 0;
    int first = 0;
    while (first < 255 && !count[first]) first++;
    for (int v = 0; v < 256; v++) total += count[v];
    for (int v = 0; v < 256; v++) {
        if (v > first) sum += count[v];
        table[v] = total == count[first] ?
            (uint8_t)first :
            (uint8_t)rintf((float)sum * (255.0f / (float)(total - count[first])));
    }
}

void lathe_equalize_table(const uint32_t count[256], bool pil, uint8_t table[256])
{
    if (pil) pil_table(count, table);
    else cv_table(count, table);
}
