/* Blurring. Beyond the edge the picture is reflected (reflect_101). */
#include <math.h>
#include <string.h>

#include "../../core/alloc.h"
#include "transform_impl.h"

enum { WIDEST = 255, WEIGHT_BITS = 16 };

/* An odd number of weights that sum to 1 << WEIGHT_BITS. */
typedef struct lathe_kernel {
    int size;
    int32_t weight[WIDEST];
} lathe_kernel;

/* Round the weights; the middle one takes the rest, so that the sum is right. */
static void set_kernel(lathe_kernel *kernel, int size, const double *weight)
{
    double sum = 0;
    int32_t left = 1 << WEIGHT_BITS;
    kernel->size = size;
    for (int k = 0; k < size; k++) sum += weight[k];
    for (int k = 0; k < size; k++) {
        kernel->weight[k] = (int32_t)lround(weight[k] / sum * (1 << WEIGHT_BITS));
        left -= kernel->weight[k];
    }
    kernel->weight[size / 2] += left;
}

/* Rows, then columns. Intermediate numbers have eight fractional bits. */
static lathe_status convolve(const lathe_image *in, const lathe_kernel *kernel, lathe_image *out)
{
    int width = in->width, height = in->height, half = kernel->size / 2;
    size_t area = (size_t)width * (size_t)height;
    uint16_t *between = lathe_alloc_raw(area, sizeof *between);
    if (!between) return LATHE_ENOMEM;
    for (int c = 0; c < in->channels; c++) {
        const uint8_t *from = in->pixels + (size_t)c * area;
        for (int y = 0; y < height; y++)
            for (int x = 0; x < width; x++) {
                int32_t sum = 0;
                for (int k = 0; k < kernel->size; k++)
                    sum +=
                        from[y * width + lathe_border_place(LATHE_BORDER_REFLECT_101, x + k - half, width)] *
                        kernel->weight[k];
                between[y * width + x] = (uint16_t)((sum + 128) >> 8);
            }
        for (int y = 0; y < height; y++)
            for (int x = 0; x < width; x++) {
                int64_t sum = 0;
                for (int k = 0; k < kernel->size; k++)
                    sum +=
                        (int64_t)between[lathe_border_place(LATHE_BORDER_REFLECT_101, y + k - half, height) *
                                width +
                            x] *
                        kernel->weight[k];
                out->pixels[(size_t)c * area + (size_t)(y * width + x)] = (uint8_t)((sum + (1 << 23)) >> 24);
            }
    }
    lathe_free(between);
    return LATHE_OK;
}

/* A random odd number in the range. */
static int draw_odd(lathe_rng *rng, const double limit[2])
{
    int low = (int)limit[0] | 1, high = ((int)limit[1] + 1) / 2 * 2 - 1;
    return high <= low ? low : low + 2 * (int)lathe_rng_below(rng, (uint64_t)(high - low) / 2 + 1);
}

typedef struct lathe_blur {
    double blur_limit[2];
} lathe_blur;

static const lathe_field blur_fields[] = {
    { .name = "blur_limit",
        .kind = LATHE_FIELD_DOUBLE,
        .offset = offsetof(lathe_blur, blur_limit),
        .count = 2,
        .preset = { 3, 7 },
        .min = 3,
        .max = WIDEST,
        .help = "side of the square whose mean is taken, an odd number of pixels" },
    { 0 },
};

static lathe_status blur_apply(const void *opts, lathe_rng *rng, const lathe_image *in, lathe_image *out)
{
    const lathe_blur *blur = opts;
    int size = draw_odd(rng, blur->blur_limit);
    double weight[WIDEST];
    lathe_kernel kernel;
    for (int k = 0; k < size; k++) weight[k] = 1;
    set_kernel(&kernel, size, weight);
    return convolve(in, &kernel, out);
}

/* albumentations.Blur; cv2.blur */
const lathe_transform_type lathe_blur_transform = {
    .name = "blur",
    .help = "the mean of the pixels around",
    .fields = blur_fields,
    .opts_size = sizeof(lathe_blur),
    .p = 0.5,
    .pixels_only = true,
    .apply = blur_apply,
};

typedef struct lathe_gaussian_blur {
    double blur_limit[2], sigma_limit[2];
} lathe_gaussian_blur;

static const lathe_field gaussian_fields[] = {
    { .name = "blur_limit",
        .kind = LATHE_FIELD_DOUBLE,
        .offset = offsetof(lathe_gaussian_blur, blur_limit),
        .count = 2,
        .preset = { 3, 7 },
        .min = 3,
        .max = WIDEST,
        .help = "how many pixels across, an odd number" },
    { .name = "sigma_limit",
        .kind = LATHE_FIELD_DOUBLE,
        .offset = offsetof(lathe_gaussian_blur, sigma_limit),
        .count = 2,
        .min = 0,
        .max = 100,
        .help = "standard deviation in pixels; 0: 0.3 ((blur - 1) / 2 - 1) + 0.8" },
    { 0 },
};

/* OpenCV has fixed weights for small sizes. */
static void gaussian_weights(int size, double sigma, double *weight)
{
    static const double small[3][7] = { { 0.25, 0.5, 0.25 }, { 0.0625, 0.25, 0.375, 0.25, 0.0625 },
        { 0.03125, 0.109375, 0.21875, 0.28125, 0.21875, 0.109375, 0.03125 } };
    if (sigma <= 0 && size <= 7) {
        memcpy(weight, small[size / 2 - 1], (size_t)size * sizeof *weight);
        return;
    }
    if (sigma <= 0) sigma = 0.3 * ((size - 1) * 0.5 - 1) + 0.8;
    for (int k = 0; k < size; k++) weight[k] = exp(-0.5 * (k - size / 2) * (k - size / 2) / (sigma * sigma));
}

static lathe_status gaussian_apply(const void *opts, lathe_rng *rng, const lathe_image *in, lathe_image *out)
{
    const lathe_gaussian_blur *blur = opts;
    int size = draw_odd(rng, blur->blur_limit);
    double weight[WIDEST], sigma = lathe_rng_between(rng, blur->sigma_limit);
    lathe_kernel kernel;
    gaussian_weights(size, sigma, weight);
    set_kernel(&kernel, size, weight);
    return convolve(in, &kernel, out);
}

/* albumentations.GaussianBlur; cv2.GaussianBlur */
const lathe_transform_type lathe_gaussian_blur_transform = {
    .name = "gaussian_blur",
    .help = "a soft blur",
    .fields = gaussian_fields,
    .opts_size = sizeof(lathe_gaussian_blur),
    .p = 0.5,
    .pixels_only = true,
    .apply = gaussian_apply,
};
