#include "resample.h"

#include <string.h>

#include "bytes.h"
#include "../lanes.h"

/* sums[x] = one half, then plus each row's pixels by its weight, then without their fraction: plain loops,
 * which compilers turn into vectors. */
static inline void weigh(const uint8_t *from, size_t stride, const int32_t *weight, int count, int width,
    int32_t *restrict sums, uint8_t *restrict to)
{
    for (int x = 0; x < width; x++) sums[x] = 1 << (LATHE_RESAMPLE_FRACTION - 1);
    for (int k = 0; k < count; k++, from += stride)
        for (int x = 0; x < width; x++) sums[x] += from[x] * weight[k];
    for (int x = 0; x < width; x++) {
        const int32_t value = sums[x] >> LATHE_RESAMPLE_FRACTION;
        to[x] = (uint8_t)(value < 0 ? 0 : value > 255 ? 255 : value);
    }
}

/* Sixteen rows (the last one again where there are fewer) to columns of sixteen. */
static void to_columns(const uint8_t *from, size_t stride, int rows, int width, uint8_t *columns)
{
    for (int x = 0; x < width; x += 16) {
        const size_t count = width - x < 16 ? (size_t)(width - x) : 16;
        bytes16 row[16];
        for (int r = 0; r < 16; r++)
            row[r] = load_bytes(from + (size_t)(r < rows ? r : rows - 1) * stride + x, count);
        transpose_bytes(row);
        memcpy(columns + (size_t)x * 16, row, count * 16);
    }
}

static void from_columns(const uint8_t *columns, int rows, int width, uint8_t *to, size_t stride)
{
    for (int x = 0; x < width; x += 16) {
        const size_t count = width - x < 16 ? (size_t)(width - x) : 16;
        bytes16 row[16];
        memcpy(row, columns + (size_t)x * 16, sizeof row); /* there is room behind the last one */
        transpose_bytes(row);
        for (int r = 0; r < rows; r++) store_bytes(to + (size_t)r * stride + x, row[r], count);
    }
}

static void across(const uint8_t *from, size_t stride, int rows, int width, const lathe_resample_axis *axis,
    uint8_t *work, uint8_t *to, size_t to_stride)
{
    uint8_t *made = work + (size_t)(width + 16) * 16;
    int32_t sums[16];
    to_columns(from, stride, rows, width, work);
    for (int i = 0; i < axis->size; i++)
        weigh(work + (size_t)(axis->first[i] - axis->first[0]) * 16, 16,
            axis->weight + (size_t)i * (size_t)axis->most, axis->count[i], 16, sums, made + (size_t)i * 16);
    from_columns(made, rows, axis->size, to, to_stride);
}

static void down(const uint8_t *from, size_t stride, int width, const lathe_resample_axis *axis, int i,
    int32_t *sums, uint8_t *to)
{
    weigh(from + (size_t)(axis->first[i] - axis->first[0]) * stride, stride,
        axis->weight + (size_t)i * (size_t)axis->most, axis->count[i], width, sums, to);
}

extern const lathe_resample_kernels KERNEL(lathe_resample_kernels);
const lathe_resample_kernels KERNEL(lathe_resample_kernels) = { .across = across, .down = down };
