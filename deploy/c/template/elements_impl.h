/*
 * Private: what the C files that lathe writes are made of, the part about single numbers: activations, sums,
 * norms and moves. See windows_impl.h. Most functions may write their result over x.
 */
#ifndef LATHE_DEPLOY_C_ELEMENTS_IMPL_H
#define LATHE_DEPLOY_C_ELEMENTS_IMPL_H

#include <math.h>
#include <string.h>

/*% section clip */
/* y = x limited to [low, high] */
static void net_clip(const float *x, int count, float low, float high, float *y)
{
    for (int i = 0; i < count; i++) y[i] = x[i] < low ? low : x[i] > high ? high : x[i];
}

/*% section relu */
static void net_relu(const float *x, int count, float *y)
{
    for (int i = 0; i < count; i++) y[i] = x[i] < 0 ? 0 : x[i];
}

/*% section leaky_relu */
static void net_leaky_relu(const float *x, int count, float slope, float *y)
{
    for (int i = 0; i < count; i++) y[i] = x[i] > 0 ? x[i] : slope * x[i];
}

/*% section prelu */
/* A slope a channel, or one for all. */
static void net_prelu(const float *x, int count, const float *slope, int slopes, float *y)
{
    for (int i = 0; i < count; i++) y[i] = x[i] > 0 ? x[i] : slope[i % slopes] * x[i];
}

/*% section hardsigmoid */
static void net_hardsigmoid(const float *x, int count, float *y)
{
    for (int i = 0; i < count; i++) {
        const float v = x[i] + 3;
        y[i] = (v < 0 ? 0 : v > 6 ? 6 : v) / 6;
    }
}

/*% section hardswish */
static void net_hardswish(const float *x, int count, float *y)
{
    for (int i = 0; i < count; i++) {
        const float v = x[i] + 3;
        y[i] = x[i] * (v < 0 ? 0 : v > 6 ? 6 : v) / 6;
    }
}

/*% section sigmoid */
static void net_sigmoid(const float *x, int count, float *y)
{
    for (int i = 0; i < count; i++) y[i] = 1 / (1 + expf(-x[i]));
}

/*% section silu */
static void net_silu(const float *x, int count, float *y)
{
    for (int i = 0; i < count; i++) y[i] = x[i] / (1 + expf(-x[i]));
}

/*% section tanh */
static void net_tanh(const float *x, int count, float *y)
{
    for (int i = 0; i < count; i++) y[i] = tanhf(x[i]);
}

/*% section gelu */
static void net_gelu(const float *x, int count, float *y)
{
    for (int i = 0; i < count; i++) y[i] = 0.5f * x[i] * (1 + erff(x[i] * 0.70710678f));
}

/*% section elu */
static void net_elu(const float *x, int count, float alpha, float *y)
{
    for (int i = 0; i < count; i++) y[i] = x[i] > 0 ? x[i] : alpha * expm1f(x[i]);
}

/*% section softplus */
static void net_softplus(const float *x, int count, float beta, float threshold, float *y)
{
    for (int i = 0; i < count; i++) y[i] = beta * x[i] > threshold ? x[i] : log1pf(expf(beta * x[i])) / beta;
}

/*% section scale */
static void net_scale(const float *x, int count, float factor, float *y)
{
    for (int i = 0; i < count; i++) y[i] = factor * x[i];
}

/*% section affine */
/* Batch normalisation: y = a[c] * x + b[c], limited; w: a, then b */
static void net_affine(const float *x, int pixels, int channels, const float *w, float low, float high,
    float *y)
{
    for (int p = 0; p < pixels; p++, x += channels, y += channels)
        for (int c = 0; c < channels; c++) {
            const float v = w[c] * x[c] + w[channels + c];
            y[c] = v < low ? low : v > high ? high : v;
        }
}

/*% section add */
/* y = a + b, limited from below */
static void net_add(const float *a, const float *b, int count, float low, float *y)
{
    for (int i = 0; i < count; i++) {
        const float v = a[i] + b[i];
        y[i] = v < low ? low : v;
    }
}

/*% section mul */
static void net_mul(const float *a, const float *b, int count, float *y)
{
    for (int i = 0; i < count; i++) y[i] = a[i] * b[i];
}

/*% section spread */
/* y[H][W][C] = a + b, limited from below, or a * b, where b has fewer numbers: `down`, `across` and `along`
 * are its steps from a row, a column and a channel to the next, 0 where one number meets all of a's. */
static void net_spread(const float *a, const float *b, int height, int width, int channels, int down,
    int across, int along, int times, float low, float *y)
{
    for (int i = 0; i < height; i++)
        for (int j = 0; j < width; j++, a += channels, y += channels) {
            const float *other = b + i * down + j * across;
            if (times && along)
                for (int c = 0; c < channels; c++) y[c] = a[c] * other[c];
            else if (times)
                for (int c = 0; c < channels; c++) y[c] = a[c] * *other;
            else
                for (int c = 0; c < channels; c++) {
                    const float v = a[c] + other[c * along];
                    y[c] = v < low ? low : v;
                }
        }
}

/*% section moments */
/* Mean and 1 / deviation of rows x columns x channels numbers, `row` and `pixel` numbers apart. */
static void net_moments(const float *x, int rows, int row, int columns, int pixel, int channels, float eps,
    float *mean, float *inverse)
{
    double sum = 0, squares = 0;
    const double count = (double)rows * columns * channels;
    for (int i = 0; i < rows; i++)
        for (int j = 0; j < columns; j++)
            for (int c = 0; c < channels; c++) sum += (double)x[i * row + j * pixel + c];
    const double middle = sum / count;
    for (int i = 0; i < rows; i++)
        for (int j = 0; j < columns; j++)
            for (int c = 0; c < channels; c++) {
                const double v = (double)x[i * row + j * pixel + c] - middle;
                squares += v * v;
            }
    *mean = (float)middle;
    *inverse = (float)(1 / sqrt(squares / count + (double)eps));
}

/*% section group_norm, needs moments */
/* Each group of channels of x[pixels][channels] is normalised over all pixels; w: factors, then summands. */
static void net_group_norm(const float *x, int pixels, int channels, int groups, float eps, const float *w,
    float *y)
{
    const int size = channels / groups;
    for (int g = 0; g < groups; g++) {
        float mean, inverse;
        net_moments(x + g * size, 1, 0, pixels, channels, size, eps, &mean, &inverse);
        for (int p = 0; p < pixels; p++)
            for (int c = g * size; c < (g + 1) * size; c++)
                y[p * channels + c] = (x[p * channels + c] - mean) * inverse * w[c] + w[channels + c];
    }
}

/*% section pixel_norm, needs moments */
/* The channels of each pixel are normalised; w: factors, then summands. */
static void net_pixel_norm(const float *x, int pixels, int channels, float eps, const float *w, float *y)
{
    for (int p = 0; p < pixels; p++, x += channels, y += channels) {
        float mean, inverse;
        net_moments(x, 1, 0, 1, 0, channels, eps, &mean, &inverse);
        for (int c = 0; c < channels; c++) y[c] = (x[c] - mean) * inverse * w[c] + w[channels + c];
    }
}

/*% section layer_norm, needs moments */
/* The last dimensions of x[H][W][C] in the order C, H, W are normalised together: W for dims 1, H and W for
 * 2, all for 3. w: a factor for each number that is normalised, then a summand. */
static void net_layer_norm(const float *x, int height, int width, int channels, int dims, float eps,
    const float *w, float *y)
{
    const int inner = dims == 3 ? channels : 1, rows = dims == 1 ? 1 : height, row = width * channels;
    const float *shift = w + rows * width * inner;
    for (int i = 0; i < height; i += rows)
        for (int o = 0; o < channels; o += inner) {
            const int from = i * row + o;
            float mean, inverse;
            net_moments(x + from, rows, row, width, channels, inner, eps, &mean, &inverse);
            for (int r = 0; r < rows; r++)
                for (int j = 0; j < width; j++)
                    for (int c = 0; c < inner; c++) {
                        const int at = from + r * row + j * channels + c, k = (r * width + j) * inner + c;
                        y[at] = (x[at] - mean) * inverse * w[k] + shift[k];
                    }
        }
}

/*% section response */
/* y = x / (k + alpha * sum of squares)^beta; over channels around x, or over pixels around it */
static void net_local_response_norm(const float *x, int height, int width, int channels, int radius,
    int pixels, float alpha, float beta, float k, float *y)
{
    const int far = pixels ? radius : 0, along = pixels ? 0 : radius;
    for (int i = 0; i < height; i++)
        for (int j = 0; j < width; j++)
            for (int c = 0; c < channels; c++) {
                float sum = 0;
                for (int p = i > far ? i - far : 0; p < height && p <= i + far; p++)
                    for (int q = j > far ? j - far : 0; q < width && q <= j + far; q++)
                        for (int d = c > along ? c - along : 0; d < channels && d <= c + along; d++) {
                            const float v = x[(p * width + q) * channels + d];
                            sum += v * v;
                        }
                const int at = (i * width + j) * channels + c;
                y[at] = x[at] / powf(k + alpha * sum, beta);
            }
}

/*% section softmax */
/* Over the channels of each pixel. */
static void net_softmax(const float *x, int pixels, int channels, float *y)
{
    for (int p = 0; p < pixels; p++, x += channels, y += channels) {
        float most = x[0], sum = 0;
        for (int c = 1; c < channels; c++) most = x[c] > most ? x[c] : most;
        for (int c = 0; c < channels; c++) sum += y[c] = expf(x[c] - most);
        for (int c = 0; c < channels; c++) y[c] /= sum;
    }
}

/*% section log_softmax */
static void net_log_softmax(const float *x, int pixels, int channels, float *y)
{
    for (int p = 0; p < pixels; p++, x += channels, y += channels) {
        float most = x[0], sum = 0;
        for (int c = 1; c < channels; c++) most = x[c] > most ? x[c] : most;
        for (int c = 0; c < channels; c++) sum += expf(x[c] - most);
        for (int c = 0; c < channels; c++) y[c] = x[c] - most - logf(sum);
    }
}

/*% section reduce */
/* The mean of x[H][W][C] along some axes, or its maximum: the result of number (i, j, c) is at i * down +
 * j * across + c * along, where 0 is an axis that goes. */
static void net_reduce(const float *x, int height, int width, int channels, int down, int across, int along,
    int maximum, int results, float *y)
{
    const float share = (float)results / ((float)height * (float)width * (float)channels);
    for (int n = 0; n < results; n++) y[n] = maximum ? -HUGE_VALF : 0;
    for (int i = 0; i < height; i++)
        for (int j = 0; j < width; j++)
            for (int c = 0; c < channels; c++, x++) {
                float *to = y + i * down + j * across + c * along;
                *to = !maximum ? *to + *x : *x > *to || *x != *x ? *x : *to;
            }
    for (int n = 0; n < results && !maximum; n++) y[n] *= share;
}

/*% section move */
/* Some channels of x[pixels][from] as some of y[pixels][to] */
static void net_move(const float *x, int pixels, int from, int to, int channels, float *y)
{
    for (int p = 0; p < pixels; p++) memcpy(y + p * to, x + p * from, (size_t)channels * sizeof *y);
}

/*% section shuffle */
static void net_channel_shuffle(const float *x, int pixels, int channels, int groups, float *y)
{
    for (int p = 0; p < pixels; p++, x += channels, y += channels)
        for (int c = 0; c < channels; c++)
            y[c % (channels / groups) * groups + c / (channels / groups)] = x[c];
}

/*% section subsample */
/* Every stride-th row and column of x[H][W][C], with zero channels on both sides. */
static void net_subsample(const float *x, int height, int width, int channels, int stride, int to, float *y)
{
    for (int i = 0; i < height; i += stride)
        for (int j = 0; j < width; j += stride, y += to) {
            memset(y, 0, (size_t)to * sizeof *y);
            memcpy(y + (to - channels) / 2, x + (i * width + j) * channels, (size_t)channels * sizeof *y);
        }
}

/*% section reorder */
/* x[pixels][channels] as y[channels][pixels], which is the order of dimensions in lathe. */
static void net_planes(const float *x, int pixels, int channels, float *y)
{
    for (int c = 0; c < channels; c++)
        for (int p = 0; p < pixels; p++) *y++ = x[p * channels + c];
}

/*% section order, needs reorder */
/* y[pixels][channels] from x[channels][pixels] */
static void net_pixels(const float *x, int pixels, int channels, float *y)
{
    net_planes(x, channels, pixels, y);
}
/*% end */
#endif
