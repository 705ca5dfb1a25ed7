#include "loss.h"

#include "../lanes.h"
#include "vector_math.h"

/* ---- distances ----------------------------------------------------------------------------------------- */

static void square(size_t count, const real *x, const real *t, real *loss, real *slope)
{
    for (size_t i = 0; i < count; i += PART) {
        part d = load_some(x + i, count - i) - load_some(t + i, count - i);
        store_some(loss + i, count - i, d * d, 0);
        if (slope) store_some(slope + i, count - i, d * 2, 0);
    }
}

static void bowl(size_t count, real edge, real height, const real *x, const real *t, real *loss, real *slope)
{
    real inverse = 1 / edge; /* not looked at if edge is 0: no distance is below it */
    for (size_t i = 0; i < count; i += PART) {
        part d = load_some(x + i, count - i) - load_some(t + i, count - i), distance = part_abs(d);
        part_mask inside = distance < edge;
        part value = choose_part(inside, distance * distance * (inverse / 2), distance - edge / 2);
        store_some(loss + i, count - i, value * height, 0);
        if (!slope) continue;
        part sign =
            choose_part(d > 0, splat_part(1), choose_part(d < 0, splat_part(-1), d)); /* 0 at 0, NaN at NaN */
        store_some(slope + i, count - i, choose_part(inside, d * inverse, sign) * height, 0);
    }
}

/* ---- of logits ----------------------------------------------------------------------------------------- */

static void binary(size_t count, real weight, real pos_weight, const real *x, const real *t, real *loss,
    real *slope)
{
    for (size_t i = 0; i < count; i += PART) {
        part v = load_some(x + i, count - i), target = load_some(t + i, count - i);
        part both = target * (pos_weight - 1) + 1;          /* pos_weight t + (1 - t) */
        part low = each_one(log1p, part_exp(-part_abs(v))); /* log(1 + exp(-x)) = low + max(-x, 0) */
        part value = v * (1 - target) + both * (low + part_max(-v, splat_part(0)));
        store_some(loss + i, count - i, value * weight, 0);
        if (slope)
            store_some(slope + i, count - i, (both * part_sigmoid(v) - target * pos_weight) * weight, 0);
    }
}

static void binary_focal(size_t count, double alpha, double gamma, const real *x, const real *t, real *loss,
    real *slope)
{
    for (size_t i = 0; i < count; i++) {
        double v = (double)x[i], target = (double)t[i], e = exp(-fabs(v));
        double larger = 1 / (1 + e),
               smaller = e / (1 + e); /* of p and 1 - p: neither is found by subtraction */
        double p = v < 0 ? smaller : larger, q = v < 0 ? larger : smaller;
        double entropy = fmax(v, 0) - v * target + log1p(e);
        double miss = q * target + p * (1 - target); /* 1 - p_t */
        double factor = pow(miss, gamma) * (alpha < 0 ? 1 : alpha * target + (1 - alpha) * (1 - target));
        loss[i] = (real)(factor * entropy);
        if (!slope) continue;
        double bend = miss > 0 ? gamma * entropy * (1 - 2 * target) * p * q / miss : 0;
        slope[i] = (real)(factor * (p - target + bend));
    }
}

static void focal(size_t count, double gamma, const real *x, const real *t, real *loss, real *slope)
{
    for (size_t i = 0; i < count; i++) {
        double entropy = (double)x[i], miss = -expm1(-entropy), factor = (double)t[i] * pow(miss, gamma);
        if (t[i] == 0) entropy = miss = factor = 0; /* even if x is NaN there */
        loss[i] = (real)(factor * entropy);
        if (!slope) continue;
        double bend = miss > 0 ? gamma * (1 - miss) * (entropy / miss) : gamma;
        slope[i] = (real)(factor * (1 + bend));
    }
}

static void divergence(size_t count, const real *x, const real *t, real *loss, real *slope)
{
    for (size_t i = 0; i < count; i++) {
        double target = (double)t[i];
        loss[i] = (real)(target > 0 ? target * (log(target) - (double)x[i]) : 0);
        if (slope) slope[i] = target > 0 ? -t[i] : 0;
    }
}

static void log_divergence(size_t count, const real *x, const real *t, real *loss, real *slope)
{
    for (size_t i = 0; i < count; i++) {
        double target = exp((double)t[i]);
        loss[i] = (real)(target > 0 ? target * ((double)t[i] - (double)x[i]) : 0);
        if (slope) slope[i] = (real)-target;
    }
}

/* ---- of regions ---------------------------------------------------------------------------------------- */

static void overlap(size_t count, const real *p, const real *t, const real *mask, double sums[3])
{
    double total[3][LANES] = { 0 };
    for (size_t i = 0; i < count; i += LANES)
        for (int lane = 0; lane < LANES; lane++) {
            bool in = mask[i + (size_t)lane] != 0;
            double a = in ? (double)p[i + (size_t)lane] : 0, b = in ? (double)t[i + (size_t)lane] : 0;
            total[0][lane] += a * b;
            total[1][lane] += a;
            total[2][lane] += b;
        }
    for (int n = 0; n < 3; n++)
        for (int lane = 0; lane < LANES; lane++) sums[n] += total[n][lane];
}

static void overlap_backward(size_t count, real at_p, real at_t, const real *t, const real *mask, real *gp,
    int add)
{
    for (size_t i = 0; i < count; i += PART) {
        part gradient = load_part(t + i) * at_t + at_p;
        store_some(gp + i, PART, choose_part(load_part(mask + i) != 0, gradient, splat_part(0)), add);
    }
}

/* ---- of boxes ------------------------------------------------------------------------------------------ */

/* A number with its derivatives by the four coordinates of the first box. */
typedef struct slope4 {
    double value, by[4];
} slope4;

/* a * x + b * y, where a and b are what the value is to them; `value` is the new number. */
static slope4 join(double value, double a, slope4 x, double b, slope4 y)
{
    slope4 sum = { .value = value };
    for (int n = 0; n < 4; n++) sum.by[n] = a * x.by[n] + b * y.by[n];
    return sum;
}

static slope4 minus(slope4 x, slope4 y) { return join(x.value - y.value, 1, x, -1, y); }

static slope4 times(slope4 x, slope4 y) { return join(x.value * y.value, y.value, x, x.value, y); }

static slope4 quotient(slope4 x, slope4 y)
{
    double value = x.value / y.value;
    return join(value, 1 / y.value, x, -value / y.value, y);
}

/* The larger of coordinate n of the first box and `other` (sign -1: the smaller); of equals each has half of
 * the slope. */
static slope4 extreme(slope4 x, double other, double sign)
{
    double part_of_x = x.value == other ? 0.5 : sign * (x.value - other) > 0 ? 1 : 0;
    return join(part_of_x > 0 ? x.value : other, part_of_x, x, 0, x);
}

/* The squared distance of two box centers along the axis of coordinates n and n + 2. */
static slope4 center_distance(const slope4 *a, const double *b, int n)
{
    slope4 d = join((a[n].value + a[n + 2].value - b[n] - b[n + 2]) / 2, 0.5, a[n], 0.5, a[n + 2]);
    return times(d, d);
}

/* How different the widths are to the heights: 4/pi^2 (atan(w'/h') - atan(w/h))^2, times a factor that counts
 * as constant. */
static slope4 aspect(slope4 width, slope4 height, const double *b, double iou, double eps)
{
    const double scale = 0.4052847345693511; /* 4 / pi^2 */
    double w = width.value, h = height.value, off = atan((b[2] - b[0]) / (b[3] - b[1])) - atan(w / h),
           v = scale * off * off;
    double factor = v / (1 - iou + v + eps), by_atan = -2 * scale * off * factor / (w * w + h * h);
    return join(factor * v, by_atan * h, width, -by_atan * w, height);
}

static slope4 box_loss(lathe_box_kernel kind, double eps, const slope4 *a, const double *b)
{
    slope4 width = minus(a[2], a[0]), height = minus(a[3], a[1]), none = { .value = 0 };
    slope4 across = minus(extreme(a[2], b[2], -1), extreme(a[0], b[0], 1));
    slope4 down = minus(extreme(a[3], b[3], -1), extreme(a[1], b[1], 1));
    slope4 both = across.value > 0 && down.value > 0 ? times(across, down) : none;
    slope4 area = times(width, height), either = minus(area, both);
    either.value += (b[2] - b[0]) * (b[3] - b[1]);
    slope4 nonzero = either;
    nonzero.value += eps;
    slope4 iou = quotient(both, nonzero), loss = join(1 - iou.value, -1, iou, 0, none);
    if (kind == LATHE_BOX_KERNEL_IOU) return loss;

    slope4 hull_width = minus(extreme(a[2], b[2], 1), extreme(a[0], b[0], -1));
    slope4 hull_height = minus(extreme(a[3], b[3], 1), extreme(a[1], b[1], -1));
    slope4 whole = times(hull_width, hull_height), bounded, penalty;
    if (kind == LATHE_BOX_KERNEL_GIOU) {
        bounded = whole;
        bounded.value += eps;
        penalty = quotient(minus(whole, either), bounded);
    } else {
        slope4 wide = times(hull_width, hull_width), high = times(hull_height, hull_height);
        slope4 aside = center_distance(a, b, 0), below = center_distance(a, b, 1);
        bounded = join(wide.value + high.value + eps, 1, wide, 1, high);
        penalty = quotient(join(aside.value + below.value, 1, aside, 1, below), bounded);
    }
    loss = join(loss.value + penalty.value, 1, loss, 1, penalty);
    if (kind != LATHE_BOX_KERNEL_CIOU) return loss;
    slope4 shape = aspect(width, height, b, iou.value, eps);
    return join(loss.value + shape.value, 1, loss, 1, shape);
}

static void boxes(lathe_box_kernel kind, double eps, size_t stride, const real *x, const real *t, real *loss,
    real *slope)
{
    for (size_t lane = 0; lane < LANES; lane++) {
        slope4 a[4] = { 0 };
        double b[4];
        for (size_t n = 0; n < 4; n++) {
            a[n].value = (double)x[n * stride + lane];
            a[n].by[n] = 1;
            b[n] = (double)t[n * stride + lane];
        }
        slope4 result = box_loss(kind, eps, a, b);
        loss[lane] = (real)result.value;
        for (size_t n = 0; slope && n < 4; n++) slope[n * stride + lane] = (real)result.by[n];
    }
}

extern const lathe_loss_kernels KERNEL(lathe_loss_kernels);
const lathe_loss_kernels KERNEL(lathe_loss_kernels) = {
    .square = square,
    .bowl = bowl,
    .binary = binary,
    .binary_focal = binary_focal,
    .focal = focal,
    .divergence = divergence,
    .log_divergence = log_divergence,
    .overlap = overlap,
    .overlap_backward = overlap_backward,
    .boxes = boxes,
};
