/*
 * Private: what the C files that lathe writes are made of, the part about windows: convolutions, products and
 * pooling. Each section begins with a line "section NAME, needs OTHERS". A written file has those that its
 * net needs, with the net's name in place of net_ and NET_.
 *
 * A picture lies as [H][W][C]: the channels of a pixel are abreast. Weights lie in blocks of NET_LANES
 * outputs, each block with the biases first. So an inner loop multiplies one number of the picture by
 * NET_LANES weights.
 */
#ifndef LATHE_DEPLOY_C_WINDOWS_IMPL_H
#define LATHE_DEPLOY_C_WINDOWS_IMPL_H

#include <math.h>
#include <string.h>

/*% section lanes */
/* Weights lie NET_LANES abreast. NET_WIDE of them are one vector of this processor, and the sums of NET_TILE
 * pixels fit into its registers. */
enum { NET_LANES = 16 };
#if defined(__GNUC__) && defined(__AVX512F__)
enum { NET_WIDE = 16, NET_TILE = 8 };
#elif defined(__GNUC__) && defined(__AVX__)
enum { NET_WIDE = 8, NET_TILE = 4 };
#elif defined(__GNUC__) && defined(__aarch64__)
enum { NET_WIDE = 4, NET_TILE = 4 };
#elif defined(__GNUC__) && (defined(__SSE2__) || defined(__ARM_NEON) || defined(__wasm_simd128__))
enum { NET_WIDE = 4, NET_TILE = 2 };
#else
enum { NET_WIDE = 1, NET_TILE = 1 };
#define NET_SCALAR
#endif
#ifdef NET_SCALAR
typedef float net_wide;
#else
typedef float net_wide __attribute__((vector_size(4 * NET_WIDE), aligned(4), may_alias));
#endif
enum { NET_PARTS = NET_LANES / NET_WIDE };

/*% section store, needs lanes */
/* y = the sums of some pixels, plus `base` unless it is NULL, limited to [low, high]. base may be y. */
static inline void net_store_lanes(const float *sums, int pixels, int lanes, const float *base, float *y,
    int channels, float low, float high)
{
    float row[NET_LANES];
    for (int t = 0; t < pixels; t++, sums += NET_LANES, y += channels) {
        for (int l = 0; l < lanes; l++) row[l] = base ? sums[l] + base[t * channels + l] : sums[l];
        for (int l = 0; l < lanes; l++) row[l] = row[l] < low ? low : row[l] > high ? high : row[l];
        memcpy(y, row, (size_t)lanes * sizeof *y);
    }
}

static void net_store(const float *sums, int pixels, int lanes, const float *base, float *y, int channels,
    float low, float high)
{
    if (lanes == NET_LANES && base) net_store_lanes(sums, pixels, NET_LANES, base, y, channels, low, high);
    else if (lanes == NET_LANES) net_store_lanes(sums, pixels, NET_LANES, NULL, y, channels, low, high);
    else net_store_lanes(sums, pixels, lanes, base, y, channels, low, high);
}

/*% section dot, needs lanes */
/* sums[NET_LANES] += x[count] times w[count][NET_LANES] */
static void net_dot(const float *x, const float *w, int count, float *sums)
{
    enum { CHAINS = 4 };
    net_wide sum[CHAINS][NET_PARTS];
    const net_wide *wide = (const net_wide *)w;
    memset(sum, 0, sizeof sum);
    const int whole = count - count % CHAINS;
    int k = 0;
    for (; k < whole; k += CHAINS, wide += CHAINS * NET_PARTS)
        for (int t = 0; t < CHAINS; t++)
            for (int l = 0; l < NET_PARTS; l++) sum[t][l] += x[k + t] * wide[t * NET_PARTS + l];
    for (; k < count; k++, wide += NET_PARTS)
        for (int l = 0; l < NET_PARTS; l++) sum[0][l] += x[k] * wide[l];
    for (int l = 0; l < NET_PARTS; l++)
        ((net_wide *)sums)[l] += (sum[0][l] + sum[1][l]) + (sum[2][l] + sum[3][l]);
}

/*% section linear, needs dot store */
/* y[outputs] = bias + w x[count], plus base, limited.
 * w: for each block of outputs [NET_LANES] biases, [count][NET_LANES] */
static void net_linear(const float *x, int count, int outputs, const float *w, const float *base, float *y,
    float low, float high)
{
    float sums[NET_LANES];
    for (int o = 0; o < outputs; o += NET_LANES, w += NET_LANES * (count + 1)) {
        memcpy(sums, w, sizeof sums);
        net_dot(x, w + NET_LANES, count, sums);
        net_store(sums, 1, outputs - o < NET_LANES ? outputs - o : NET_LANES, base ? base + o : base, y + o,
            0, low, high);
    }
}

/*% section window */
/* A window that moves over a picture. */
typedef struct net_window {
    int height, width, channels, out_height, out_width, out_channels, groups;
    int kernel_height, kernel_width, stride_height, stride_width, dilation_height, dilation_width, top, left;
    int line, lines; /* pixels of a line with its zeros, and how many lines are kept */
    int band;        /* rows of the result that share the lines that are kept */
} net_window;

/*% section rows, needs window */
/* Keep the rows of x up to `end` in a ring of lines, with zeros on both sides. Rows outside of x are zero. */
static void net_rows(const net_window *s, const float *x, float *lines, int *next, int end)
{
    const int line = s->line * s->channels, left = s->left * s->channels, row = s->width * s->channels;
    for (; *next < end; ++*next) {
        float *to = lines + (*next + s->top) % s->lines * line;
        memset(to, 0, (size_t)line * sizeof *to);
        if (*next >= 0 && *next < s->height) memcpy(to + left, x + *next * row, (size_t)row * sizeof *to);
    }
}

/* The last row of x that the results before row `end` read, plus 1. */
static int net_rows_end(const net_window *s, int end)
{
    return (end - 1) * s->stride_height - s->top + (s->kernel_height - 1) * s->dilation_height + 1;
}

/*% section tile, needs store window */
/* sums: NET_TILE pixels of a row of the result from pixel j on, for one block of weights.
 * `lines` begins at the group's channels. The loops over columns and channels are one where they can be. */
static inline void net_tile(const net_window *s, const float *lines, int i, int j, int channels,
    const float *w, float *sums)
{
    net_wide sum[NET_TILE][NET_PARTS];
    const net_wide *wide = (const net_wide *)w;
    const int step = s->stride_width * s->channels, hop = s->dilation_width * s->channels;
    const int joined = s->dilation_width == 1 && s->groups == 1;
    const int taps = joined ? 1 : s->kernel_width, run = joined ? s->kernel_width * channels : channels;
    for (int t = 0; t < NET_TILE; t++)
        for (int l = 0; l < NET_PARTS; l++) sum[t][l] = wide[l];
    wide += NET_PARTS;
    for (int p = 0; p < s->kernel_height; p++) {
        const int line = (i * s->stride_height + p * s->dilation_height) % s->lines;
        const float *x = lines + line * s->line * s->channels + j * step;
        for (int q = 0; q < taps; q++, x += hop)
            for (int k = 0; k < run; k++, wide += NET_PARTS)
                for (int t = 0; t < NET_TILE; t++)
                    for (int l = 0; l < NET_PARTS; l++) sum[t][l] += x[t * step + k] * wide[l];
    }
    memcpy(sums, sum, sizeof sum);
}

/*% section conv2d, needs tile rows */
/* Convolution. w: for each block of a group's outputs [NET_LANES] biases, [kh][kw][C / groups][NET_LANES] */
static void net_conv2d(const net_window *s, const float *x, const float *w, const float *base, float *y,
    float *lines, float low, float high)
{
    const int channels = s->channels / s->groups, outputs = s->out_channels / s->groups;
    const int block = NET_LANES * (s->kernel_height * s->kernel_width * channels + 1);
    int next = -s->top;
    float sums[NET_TILE * NET_LANES];
    for (int first = 0; first < s->out_height; first += s->band) {
        const int end = first + s->band < s->out_height ? first + s->band : s->out_height;
        const float *weights = w;
        net_rows(s, x, lines, &next, net_rows_end(s, end));
        for (int g = 0; g < s->groups; g++)
            for (int o = 0; o < outputs; o += NET_LANES, weights += block)
                for (int i = first; i < end; i++)
                    for (int j = 0; j < s->out_width; j += NET_TILE) {
                        const int pixels = s->out_width - j < NET_TILE ? s->out_width - j : NET_TILE;
                        const int at = (i * s->out_width + j) * s->out_channels + g * outputs + o;
                        net_tile(s, lines + g * channels, i, j, channels, weights, sums);
                        net_store(sums, pixels, outputs - o < NET_LANES ? outputs - o : NET_LANES,
                            base ? base + at : base, y + at, s->out_channels, low, high);
                    }
    }
}

/*% section pointwise, needs tile linear */
/* Convolution with a kernel of one pixel: the picture is one row of s->width pixels, and read as it is. */
static void net_pointwise(const net_window *s, const float *x, const float *w, const float *base, float *y,
    float low, float high)
{
    const int from = s->channels, to = s->out_channels, pixels = s->width;
    float sums[NET_TILE * NET_LANES];
    if (pixels < NET_TILE) {
        for (int j = 0; j < pixels; j++)
            net_linear(x + j * from, from, to, w, base ? base + j * to : base, y + j * to, low, high);
        return;
    }
    for (int o = 0; o < to; o += NET_LANES, w += NET_LANES * (from + 1))
        for (int j = 0; j < pixels; j += NET_TILE) {
            const int begin = j + NET_TILE < pixels ? j : pixels - NET_TILE, at = j * to + o;
            net_tile(s, x, 0, begin, from, w, sums);
            net_store(sums + (j - begin) * NET_LANES, NET_TILE - (j - begin),
                to - o < NET_LANES ? to - o : NET_LANES, base ? base + at : base, y + at, to, low, high);
        }
}

/*% section depthwise, needs store rows */
/* sums: NET_TILE pixels from pixel j on, for NET_LANES channels, each of which has its own kernel. */
static inline void net_depthwise_tile(const net_window *s, const float *lines, int i, int j, const float *w,
    float *sums)
{
    net_wide sum[NET_TILE][NET_PARTS];
    const net_wide *wide = (const net_wide *)w;
    const int step = s->stride_width * s->channels, hop = s->dilation_width * s->channels;
    for (int t = 0; t < NET_TILE; t++)
        for (int l = 0; l < NET_PARTS; l++) sum[t][l] = wide[l];
    wide += NET_PARTS;
    for (int p = 0; p < s->kernel_height; p++) {
        const int line = (i * s->stride_height + p * s->dilation_height) % s->lines;
        const float *x = lines + line * s->line * s->channels + j * step;
        for (int q = 0; q < s->kernel_width; q++, x += hop, wide += NET_PARTS)
            for (int t = 0; t < NET_TILE; t++)
                for (int l = 0; l < NET_PARTS; l++)
                    sum[t][l] += ((const net_wide *)(x + t * step))[l] * wide[l];
    }
    memcpy(sums, sum, sizeof sum);
}

/* Convolution with a kernel a channel.
 * w: for each block of channels [NET_LANES] biases, [kh][kw][NET_LANES] */
static void net_depthwise(const net_window *s, const float *x, const float *w, const float *base, float *y,
    float *lines, float low, float high)
{
    const int block = NET_LANES * (s->kernel_height * s->kernel_width + 1), channels = s->channels;
    int next = -s->top;
    float sums[NET_TILE * NET_LANES];
    for (int i = 0; i < s->out_height; i++) {
        net_rows(s, x, lines, &next, net_rows_end(s, i + 1));
        for (int j = 0; j < s->out_width; j += NET_TILE)
            for (int c = 0; c < channels; c += NET_LANES) {
                const int pixels = s->out_width - j < NET_TILE ? s->out_width - j : NET_TILE;
                const int at = (i * s->out_width + j) * channels + c;
                net_depthwise_tile(s, lines + c, i, j, w + c / NET_LANES * block, sums);
                net_store(sums, pixels, channels - c < NET_LANES ? channels - c : NET_LANES,
                    base ? base + at : base, y + at, channels, low, high);
            }
    }
}

/*% section transposed, needs dot window */
/* Transposed convolution: each pixel of the result gathers the pixels of x that reach it.
 * w: for each block of a group's outputs [NET_LANES] biases, [kh][kw][C / groups][NET_LANES] */
static void net_conv_transpose2d(const net_window *s, const float *x, const float *w, float *y)
{
    const int channels = s->channels / s->groups, outputs = s->out_channels / s->groups;
    const int blocks = (outputs + NET_LANES - 1) / NET_LANES, tap = channels * NET_LANES;
    const int block = NET_LANES + s->kernel_height * s->kernel_width * tap;
    float sums[NET_LANES];
    for (int i = 0; i < s->out_height; i++)
        for (int j = 0; j < s->out_width; j++, y += s->out_channels)
            for (int b = 0; b < s->groups * blocks; b++) {
                const int g = b / blocks, o = b % blocks * NET_LANES;
                memcpy(sums, w + b * block, sizeof sums);
                for (int p = 0; p < s->kernel_height; p++) {
                    const int down = i + s->top - p * s->dilation_height, row = down / s->stride_height;
                    if (down < 0 || down % s->stride_height || row >= s->height) continue;
                    for (int q = 0; q < s->kernel_width; q++) {
                        const int across = j + s->left - q * s->dilation_width, k = across / s->stride_width;
                        if (across < 0 || across % s->stride_width || k >= s->width) continue;
                        net_dot(x + (row * s->width + k) * s->channels + g * channels,
                            w + b * block + NET_LANES + (p * s->kernel_width + q) * tap, channels, sums);
                    }
                }
                for (int l = 0; l < NET_LANES && o + l < outputs; l++) y[g * outputs + o + l] = sums[l];
            }
}

/*% section span */
/* Along one axis: the taps [first, end) of a window at `at` that lie in [0, size). */
static void net_span(int at, int taps, int dilation, int size, int *first, int *end)
{
    *first = at < 0 ? (dilation - 1 - at) / dilation : 0;
    *end = at < size ? (size - 1 - at) / dilation + 1 : 0;
    if (*end > taps) *end = taps;
}

/*% section maxima, needs window span */
/* The largest number of each window and `low`; NaN if one is NaN. */
static void net_max_pool2d(const net_window *s, const float *x, float *y, float low)
{
    const int channels = s->channels;
    for (int i = 0; i < s->out_height; i++)
        for (int j = 0; j < s->out_width; j++, y += channels) {
            const int row = i * s->stride_height - s->top, column = j * s->stride_width - s->left;
            int top, bottom, left, right;
            net_span(row, s->kernel_height, s->dilation_height, s->height, &top, &bottom);
            net_span(column, s->kernel_width, s->dilation_width, s->width, &left, &right);
            for (int c = 0; c < channels; c++) y[c] = low;
            for (int p = top; p < bottom; p++)
                for (int q = left; q < right; q++) {
                    const float *from = x +
                        ((row + p * s->dilation_height) * s->width + column + q * s->dilation_width) *
                            channels;
                    for (int c = 0; c < channels; c++)
                        y[c] = from[c] > y[c] || from[c] != from[c] ? from[c] : y[c];
                }
        }
}

/*% section means */
/* y[channels] = the mean of x over rows and columns, with another number to divide by */
static void net_mean_of(const float *x, int width, int channels, int rows, int columns, float divisor,
    float *y)
{
    for (int c = 0; c < channels; c++) y[c] = 0;
    for (int i = 0; i < rows; i++)
        for (int j = 0; j < columns; j++)
            for (int c = 0; c < channels; c++) y[c] += x[(i * width + j) * channels + c];
    for (int c = 0; c < channels; c++) y[c] /= divisor;
}

/*% section averages, needs window span means */
/* The mean of each window. Padding counts as zeros, or not at all. Beyond it (below, after) is nothing. */
static void net_avg_pool2d(const net_window *s, const float *x, float *y, int below, int after, int exclude)
{
    for (int i = 0; i < s->out_height; i++)
        for (int j = 0; j < s->out_width; j++, y += s->channels) {
            const int row = i * s->stride_height - s->top, column = j * s->stride_width - s->left;
            int top, bottom, left, right, high = s->kernel_height, wide = s->kernel_width;
            net_span(row, s->kernel_height, 1, s->height, &top, &bottom);
            net_span(column, s->kernel_width, 1, s->width, &left, &right);
            if (high > s->height + below - row) high = s->height + below - row;
            if (wide > s->width + after - column) wide = s->width + after - column;
            if (exclude) high = bottom - top, wide = right - left;
            net_mean_of(x + ((row + top) * s->width + column + left) * s->channels, s->width, s->channels,
                bottom - top, right - left, (float)(high * wide), y);
        }
}

/*% section adaptive, needs means */
/* Means of [H][W][C] so that [rows][columns][C] are left. */
static void net_adaptive_avg_pool2d(const float *x, int height, int width, int channels, int rows,
    int columns, float *y)
{
    for (int i = 0; i < rows; i++)
        for (int j = 0; j < columns; j++, y += channels) {
            const int top = (int)((long long)i * height / rows), left = (int)((long long)j * width / columns);
            const int high = (int)(((i + 1LL) * height + rows - 1) / rows) - top;
            const int wide = (int)(((j + 1LL) * width + columns - 1) / columns) - left;
            net_mean_of(x + (top * width + left) * channels, width, channels, high, wide,
                (float)(high * wide), y);
        }
}

/*% section nearest */
static void net_nearest(const float *x, int height, int width, int channels, int rows, int columns, float *y)
{
    for (int i = 0; i < rows; i++)
        for (int j = 0; j < columns; j++, y += channels) {
            const int row = (int)((long long)i * height / rows), k = (int)((long long)j * width / columns);
            memcpy(y, x + (row * width + k) * channels, (size_t)channels * sizeof *y);
        }
}

/*% section bilinear */
/* Row or column i of `count` lies between two of `size`, at part `*part` of the way. */
static int net_between(int i, int size, int count, int corners, float *part)
{
    const float at = !corners ? ((float)i + 0.5f) * (float)size / (float)count - 0.5f :
        count > 1             ? (float)i * (float)(size - 1) / (float)(count - 1) :
                                0;
    const int first = at > 0 ? (int)at < size - 1 ? (int)at : size - 1 : 0;
    *part = at > (float)first ? at - (float)first : 0;
    return first;
}

static void net_bilinear(const float *x, int height, int width, int channels, int rows, int columns,
    int corners, float *y)
{
    for (int i = 0; i < rows; i++) {
        float down, across;
        const int row = net_between(i, height, rows, corners, &down);
        const float *above = x + row * width * channels;
        const float *under = row < height - 1 ? above + width * channels : above;
        for (int j = 0; j < columns; j++, y += channels) {
            const int k = net_between(j, width, columns, corners, &across), from = k * channels;
            const int next = k < width - 1 ? from + channels : from;
            for (int c = 0; c < channels; c++) {
                const float high = above[from + c] + across * (above[next + c] - above[from + c]);
                const float low = under[from + c] + across * (under[next + c] - under[from + c]);
                y[c] = high + down * (low - high);
            }
        }
    }
}
/*% end */
#endif
