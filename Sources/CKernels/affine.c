#include "affine.h"
#include <string.h>

#include "vectors.h"

// Each loop is written once, for the lanes of one block of one image, and compiled for what is constant in it: the number
// of lanes (sixteen, or whatever there is), the activation, and which of the operands exist.

INLINE void bounded(vector *v, int activation) {
    if (activation == assay_linear) return;
    *v = (vector)(~(*v < 0) & (mask)*v);  // NaN stays NaN: divergence must show in the loss
    if (activation == assay_relu6) {
        vector six = (vector){0} + 6;
        mask above = *v > 6;
        *v = (vector)((above & (mask)six) | (~above & (mask)*v));
    }
}

// d where the activation of z, or of what gave z, has slope one.
INLINE void masked(vector *d, const vector *z, int activation) {
    if (activation == assay_linear) return;
    mask open = *z > 0;
    if (activation == assay_relu6) open &= *z < 6;
    *d = (vector)(open & (mask)*d);
}

INLINE void apply(
    size_t height, size_t width, size_t lanes, size_t n, int activation, int pool, const vector *scale,
    const vector *shift, const float *x, const float *residual, float *y) {
    vector v, r;
    if (pool) {
        size_t row = width * lanes, half = width / 2;
        for (size_t i = 0; i < height / 2; i++)
            for (size_t j = 0; j < half; j++) {
                vector sum = {0};
                for (size_t k = 0; k < 4; k++) {
                    load(&v, x + (2 * i + k / 2) * row + (2 * j + k % 2) * lanes, n);
                    v = v * *scale + *shift;
                    bounded(&v, activation);
                    sum += v;
                }
                sum *= 0.25f;
                store(y + (i * half + j) * lanes, &sum, n);
            }
        return;
    }
    for (size_t i = 0; i < height * width; i++) {
        load(&v, x + i * lanes, n);
        v = v * *scale + *shift;
        if (residual) {
            load(&r, residual + i * lanes, n);
            v += r;
        }
        bounded(&v, activation);
        store(y + i * lanes, &v, n);
    }
}

INLINE void sums(
    size_t height, size_t width, size_t lanes, size_t n, int activation, int pool, const vector *scale,
    const vector *shift, const vector *mean, const float *x, const float *y, float *dy, const float *other,
    vector *sum, vector *product) {
    vector s[4] = {{0}, {0}, {0}, {0}}, p[4] = {{0}, {0}, {0}, {0}}, v, z, d, o;
    if (pool) {
        size_t row = width * lanes, half = width / 2;
        for (size_t i = 0; i < height / 2; i++)
            for (size_t j = 0; j < half; j++)
                for (size_t k = 0; k < 4; k++) {
                    load(&d, dy + (i * half + j) * lanes, n);
                    d *= 0.25f;
                    load(&v, x + (2 * i + k / 2) * row + (2 * j + k % 2) * lanes, n);
                    z = v * *scale + *shift;
                    masked(&d, &z, activation);
                    s[k] += d;
                    p[k] += d * (v - *mean);
                }
    } else {
        size_t area = height * width;
        for (size_t i = 0; i < area; i += 4)
            for (size_t k = 0; k < 4 && i + k < area; k++) {
                size_t at = (i + k) * lanes;
                load(&d, dy + at, n);
                load(&v, x + at, n);
                if (other) {
                    load(&o, other + at, n);
                    d += o;
                }
                if (y)
                    load(&z, y + at, n);
                else
                    z = v * *scale + *shift;
                masked(&d, &z, activation);
                if (other || y) store(dy + at, &d, n);
                s[k] += d;
                p[k] += d * (v - *mean);
            }
    }
    *sum = (s[0] + s[1]) + (s[2] + s[3]);
    *product = (p[0] + p[1]) + (p[2] + p[3]);
}

INLINE void gradient(
    size_t height, size_t width, size_t lanes, size_t n, int activation, int pool, const vector *scale,
    const vector *shift, const vector *mean, const vector *level, const vector *curve, float *x, const float *dy) {
    vector v, z, d;
    if (pool) {
        size_t half = width / 2;
        for (size_t i = 0; i < height; i++)
            for (size_t j = 0; j < width; j++) {
                float *at = x + (i * width + j) * lanes;
                load(&v, at, n);
                vector dx = -*level - (v - *mean) * *curve;
                if (i / 2 < height / 2 && j / 2 < half) {
                    load(&d, dy + (i / 2 * half + j / 2) * lanes, n);
                    d *= 0.25f;
                    z = v * *scale + *shift;
                    masked(&d, &z, activation);
                    dx += *scale * d;
                }
                store(at, &dx, n);
            }
        return;
    }
    for (size_t i = 0; i < height * width; i++) {
        load(&v, x + i * lanes, n);
        load(&d, dy + i * lanes, n);
        z = v * *scale + *shift;
        masked(&d, &z, activation);
        d = *scale * d - *level - (v - *mean) * *curve;
        store(x + i * lanes, &d, n);
    }
}

// Calls `body` for every run of at most sixteen lanes: x is at `in`, what may be pooled at `out`, the coefficients at `c`,
// those of an image at `own`.
#define EACH_RUN(g, pooled_too, ...)                                                                               \
    do {                                                                                                           \
        size_t plane = (g)->height * (g)->width * (g)->lanes, across = (g)->blocks * (g)->lanes;                   \
        size_t small = (pooled_too) ? ((g)->height / 2) * ((g)->width / 2) * (g)->lanes : plane;                   \
        for (size_t image = 0; image < (g)->images; image++)                                                       \
            for (size_t b = 0; b < (g)->blocks; b++)                                                               \
                for (size_t lane = 0; lane < (g)->lanes; lane += WIDTH) {                                          \
                    size_t left = (g)->lanes - lane, part = image * (g)->blocks + b;                               \
                    size_t in = part * plane + lane, out = part * small + lane;                                    \
                    size_t own = image * across + b * (g)->lanes + lane;                                           \
                    size_t n = left < WIDTH ? left : WIDTH;                                                        \
                    (void)in, (void)out, (void)own;                                                                \
                    if (n == WIDTH) {                                                                              \
                        enum { N = WIDTH };                                                                        \
                        __VA_ARGS__                                                                                \
                    } else {                                                                                       \
                        const size_t N = n;                                                                        \
                        __VA_ARGS__                                                                                \
                    }                                                                                              \
                }                                                                                                  \
    } while (0)

// The call with A, the activation, as a constant.
#define EACH_ACTIVATION(activation, ...)                   \
    do {                                                   \
        if ((activation) == assay_relu) {                  \
            enum { A = assay_relu };                       \
            __VA_ARGS__;                                   \
        } else if ((activation) == assay_relu6) {          \
            enum { A = assay_relu6 };                      \
            __VA_ARGS__;                                   \
        } else {                                           \
            enum { A = assay_linear };                     \
            __VA_ARGS__;                                   \
        }                                                  \
    } while (0)

VARIANTS void assay_moments(const assay_grid *g, const float *x, float *mean, float *spread) {
    EACH_RUN(g, 0, {
        vector m, s;
        lane_moments(x + in, g->height * g->width, g->lanes, N, &m, &s);
        store(mean + own, &m, N);
        store(spread + own, &s, N);
    });
}

VARIANTS void assay_affine(
    const assay_grid *g, const assay_affine_map *map, const float *x, const float *residual, float *y) {
    EACH_RUN(g, map->pool, {
        size_t c = image * map->stride + b * g->lanes + lane;
        vector scale, shift;
        load(&scale, map->scale + c, N);
        load(&shift, map->shift + c, N);
        if (map->pool)
            EACH_ACTIVATION(
                map->activation, apply(g->height, g->width, g->lanes, N, A, 1, &scale, &shift, x + in, NULL, y + out));
        else if (residual)
            EACH_ACTIVATION(
                map->activation,
                apply(g->height, g->width, g->lanes, N, A, 0, &scale, &shift, x + in, residual + in, y + in));
        else
            EACH_ACTIVATION(
                map->activation, apply(g->height, g->width, g->lanes, N, A, 0, &scale, &shift, x + in, NULL, y + in));
    });
}

VARIANTS void assay_affine_sums(
    const assay_grid *g, const assay_affine_map *map, const float *x, const float *y, float *dy, const float *other,
    float *sum, float *product) {
    EACH_RUN(g, map->pool, {
        size_t c = image * map->stride + b * g->lanes + lane;
        size_t h = g->height, w = g->width, l = g->lanes;
        vector scale, shift, mean, s, p;
        load(&scale, map->scale + c, N);
        load(&shift, map->shift + c, N);
        load(&mean, map->mean + c, N);
        if (map->pool)
            EACH_ACTIVATION(
                map->activation,
                sums(h, w, l, N, A, 1, &scale, &shift, &mean, x + in, NULL, dy + out, NULL, &s, &p));
        else if (y && other)
            EACH_ACTIVATION(
                map->activation,
                sums(h, w, l, N, A, 0, &scale, &shift, &mean, x + in, y + in, dy + in, other + in, &s, &p));
        else if (y)
            EACH_ACTIVATION(
                map->activation,
                sums(h, w, l, N, A, 0, &scale, &shift, &mean, x + in, y + in, dy + in, NULL, &s, &p));
        else if (other)
            EACH_ACTIVATION(
                map->activation,
                sums(h, w, l, N, A, 0, &scale, &shift, &mean, x + in, NULL, dy + in, other + in, &s, &p));
        else
            EACH_ACTIVATION(
                map->activation,
                sums(h, w, l, N, A, 0, &scale, &shift, &mean, x + in, NULL, dy + in, NULL, &s, &p));
        store(sum + own, &s, N);
        store(product + own, &p, N);
    });
}

VARIANTS void assay_affine_backward(
    const assay_grid *g, const assay_affine_map *map, float *x, const float *dy, int replaced) {
    EACH_RUN(g, map->pool, {
        size_t c = image * map->stride + b * g->lanes + lane;
        size_t h = g->height, w = g->width, l = g->lanes;
        vector scale, shift, mean, level, curve;
        load(&scale, map->scale + c, N);
        load(&shift, map->shift + c, N);
        load(&mean, map->mean + c, N);
        load(&level, map->level + c, N);
        load(&curve, map->curve + c, N);
        if (map->pool)
            EACH_ACTIVATION(
                map->activation,
                gradient(h, w, l, N, A, 1, &scale, &shift, &mean, &level, &curve, x + in, dy + out));
        else if (replaced)
            gradient(h, w, l, N, assay_linear, 0, &scale, &shift, &mean, &level, &curve, x + in, dy + in);
        else
            EACH_ACTIVATION(
                map->activation,
                gradient(h, w, l, N, A, 0, &scale, &shift, &mean, &level, &curve, x + in, dy + in));
    });
}

VARIANTS void assay_precise_column_sums(const float *x, size_t rows, size_t columns, float *sums) {
    enum { run = 16 };
    for (size_t c = 0; c < columns; c += run) {
        size_t n = columns - c < run ? columns - c : run;
        double sum[run] = {0};
        for (size_t r = 0; r < rows; r++)
            for (size_t k = 0; k < n; k++) sum[k] += x[r * columns + c + k];
        for (size_t k = 0; k < n; k++) sums[c + k] = (float)sum[k];
    }
}

VARIANTS void assay_batch_moments(
    const float *mean, const float *spread, size_t images, size_t channels, size_t area, float *total_mean,
    float *total_spread) {
    assay_precise_column_sums(mean, images, channels, total_mean);
    for (size_t c = 0; c < channels; c++) total_mean[c] /= (float)images;
    enum { run = 16 };
    for (size_t c = 0; c < channels; c += run) {
        size_t n = channels - c < run ? channels - c : run;
        double sum[run] = {0};
        for (size_t i = 0; i < images; i++)
            for (size_t k = 0; k < n; k++) {
                double apart = (double)mean[i * channels + c + k] - total_mean[c + k];
                sum[k] += spread[i * channels + c + k] + (double)area * apart * apart;
            }
        for (size_t k = 0; k < n; k++) total_spread[c + k] = (float)sum[k];
    }
}

VARIANTS void assay_global_mean(const assay_grid *g, const float *x, size_t channels, float *y) {
    size_t area = g->height * g->width;
    EACH_RUN(g, 0, {
        vector s = {0};
        vector v;
        for (size_t i = 0; i < area; i++) {
            load(&v, x + in + i * g->lanes, N);
            s += v;
        }
        s /= (float)area;
        size_t c = b * g->lanes + lane;
        size_t real = c >= channels ? 0 : channels - c < n ? channels - c : n;
        for (size_t k = 0; k < real; k++) y[image * channels + c + k] = s[k];
    });
}

VARIANTS void assay_global_mean_backward(const assay_grid *g, const float *dy, size_t channels, float *dx) {
    size_t area = g->height * g->width;
    EACH_RUN(g, 0, {
        size_t c = b * g->lanes + lane;
        size_t real = c >= channels ? 0 : channels - c < n ? channels - c : n;
        vector d = {0};
        for (size_t k = 0; k < real; k++) d[k] = dy[image * channels + c + k] / (float)area;
        for (size_t i = 0; i < area; i++) store(dx + in + i * g->lanes, &d, N);
    });
}

VARIANTS void assay_add(float *restrict x, const float *restrict y, size_t count) {
    for (size_t i = 0; i < count; i++) x[i] += y[i];
}
