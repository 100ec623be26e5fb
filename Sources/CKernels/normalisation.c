#include "training.h"
#include <math.h>
#include <string.h>

// Instance normalisation, ReLU and pooling, sixteen channels at a time. The vector type is the compiler's own: it
// becomes one register with AVX-512, two with AVX2, four otherwise.
#if defined(__x86_64__) && defined(__linux__)
#define VARIANTS __attribute__((target_clones("avx512f", "avx2", "default")))
#else
#define VARIANTS
#endif
#define INLINE static inline __attribute__((always_inline))

enum { WIDTH = 16 };
typedef float vector __attribute__((vector_size(64)));
typedef int32_t mask __attribute__((vector_size(64)));
typedef float loose __attribute__((vector_size(64), aligned(4)));

// `n` lanes at `p`, zeros beyond. Results go through pointers: 64-byte vectors have no common calling convention.
INLINE void load(vector *v, const float *p, size_t n) {
    if (n == WIDTH) {
        *v = *(const loose *)p;
    } else {
        *v = (vector){0};
        for (size_t i = 0; i < n; i++) (*v)[i] = p[i];
    }
}

INLINE void store(float *p, const vector *v, size_t n) {
    if (n == WIDTH) {
        *(loose *)p = *v;
    } else {
        for (size_t i = 0; i < n; i++) p[i] = (*v)[i];
    }
}

INLINE void moments(const float *x, size_t area, size_t lanes, size_t n, float epsilon, vector *mean, vector *rstd) {
    vector s[4] = {{0}, {0}, {0}, {0}}, v;  // four chains hide the latency of an addition
    size_t i = 0;
    for (; i + 4 <= area; i += 4)
        for (size_t k = 0; k < 4; k++) {
            load(&v, x + (i + k) * lanes, n);
            s[k] += v;
        }
    for (; i < area; i++) {
        load(&v, x + i * lanes, n);
        s[0] += v;
    }
    vector m = ((s[0] + s[1]) + (s[2] + s[3])) / (float)area;
    for (size_t k = 0; k < 4; k++) s[k] = (vector){0};
    for (i = 0; i + 4 <= area; i += 4)
        for (size_t k = 0; k < 4; k++) {
            load(&v, x + (i + k) * lanes, n);
            v -= m;
            s[k] += v * v;
        }
    for (; i < area; i++) {
        load(&v, x + i * lanes, n);
        v -= m;
        s[0] += v * v;
    }
    vector variance = ((s[0] + s[1]) + (s[2] + s[3])) / (float)area;
    for (size_t k = 0; k < WIDTH; k++) (*rstd)[k] = 1 / sqrtf(variance[k] + epsilon);
    *mean = m;
}

INLINE void forward(
    const assay_grid *g, const float *x, const float *gamma, const float *beta, float epsilon, float *mean,
    float *rstd, float *y, size_t n) {
    size_t lanes = g->lanes, row = g->width * lanes, half = g->width / 2;
    vector m, r, scale, shift, v;
    moments(x, g->height * g->width, lanes, n, epsilon, &m, &r);
    store(mean, &m, n);
    store(rstd, &r, n);
    load(&scale, gamma, n);
    load(&shift, beta, n);
    scale *= r;
    shift -= m * scale;
    for (size_t i = 0; i < g->height / 2; i++)
        for (size_t j = 0; j < half; j++) {
            vector sum = {0};
            for (size_t k = 0; k < 4; k++) {
                load(&v, x + (2 * i + k / 2) * row + (2 * j + k % 2) * lanes, n);
                v = v * scale + shift;
                sum += (vector)(~(v < 0) & (mask)v);
            }
            sum *= 0.25f;
            store(y + (i * half + j) * lanes, &sum, n);
        }
}

INLINE void backward(
    const assay_grid *g, float *x, const float *gamma, const float *beta, const float *mean, const float *rstd,
    const float *dy, float *dgamma, float *dbeta, size_t n) {
    size_t lanes = g->lanes, row = g->width * lanes, half = g->width / 2;
    float area = (float)(g->height * g->width);
    vector m, r, scale, shift, v, d;
    load(&m, mean, n);
    load(&r, rstd, n);
    load(&scale, gamma, n);
    load(&shift, beta, n);
    scale *= r;
    shift -= m * scale;

    // Σ dz and Σ dz (x − mean), where z is the normalised value before ReLU.
    vector sum[4] = {{0}, {0}, {0}, {0}}, product[4] = {{0}, {0}, {0}, {0}};
    for (size_t i = 0; i < g->height / 2; i++)
        for (size_t j = 0; j < half; j++) {
            load(&d, dy + (i * half + j) * lanes, n);
            d *= 0.25f;
            for (size_t k = 0; k < 4; k++) {
                load(&v, x + (2 * i + k / 2) * row + (2 * j + k % 2) * lanes, n);
                vector z = v * scale + shift;
                vector dz = (vector)((z > 0) & (mask)d);
                sum[k] += dz;
                product[k] += dz * (v - m);
            }
        }
    vector total = (sum[0] + sum[1]) + (sum[2] + sum[3]);
    vector moment = ((product[0] + product[1]) + (product[2] + product[3])) * r;
    load(&v, dgamma, n);
    v += moment;
    store(dgamma, &v, n);
    load(&v, dbeta, n);
    v += total;
    store(dbeta, &v, n);

    // dx = γ/σ (dz − mean dz − x̂ · mean(dz x̂)); pixels that pooling leaves out have dz = 0.
    vector level = scale * total / area, slope = scale * r * moment / area;
    for (size_t i = 0; i < g->height; i++)
        for (size_t j = 0; j < g->width; j++) {
            float *p = x + i * row + j * lanes;
            load(&v, p, n);
            vector dx = -level - (v - m) * slope;
            if (i / 2 < g->height / 2 && j / 2 < half) {
                load(&d, dy + (i / 2 * half + j / 2) * lanes, n);
                vector z = v * scale + shift;
                dx += scale * (vector)((z > 0) & (mask)(d * 0.25f));
            }
            store(p, &dx, n);
        }
}

VARIANTS void assay_norm_relu_pool(
    const assay_grid *g, const float *x, const float *gamma, const float *beta, float epsilon, float *mean,
    float *rstd, float *y) {
    size_t plane = g->height * g->width * g->lanes, pooled = (g->height / 2) * (g->width / 2) * g->lanes;
    for (size_t image = 0; image < g->images; image++)
        for (size_t b = 0; b < g->blocks; b++)
            for (size_t lane = 0; lane < g->lanes; lane += WIDTH) {
                size_t left = g->lanes - lane, part = image * g->blocks + b, c = b * g->lanes + lane;
                const float *in = x + part * plane + lane;
                float *out = y + part * pooled + lane, *m = mean + part * g->lanes + lane;
                float *r = rstd + part * g->lanes + lane;
                if (left >= WIDTH)
                    forward(g, in, gamma + c, beta + c, epsilon, m, r, out, WIDTH);
                else
                    forward(g, in, gamma + c, beta + c, epsilon, m, r, out, left);
            }
}

VARIANTS void assay_norm_relu_pool_backward(
    const assay_grid *g, float *x, const float *gamma, const float *beta, const float *mean, const float *rstd,
    const float *dy, float *dgamma, float *dbeta) {
    size_t plane = g->height * g->width * g->lanes, pooled = (g->height / 2) * (g->width / 2) * g->lanes;
    memset(dgamma, 0, g->blocks * g->lanes * sizeof(float));
    memset(dbeta, 0, g->blocks * g->lanes * sizeof(float));
    for (size_t image = 0; image < g->images; image++)
        for (size_t b = 0; b < g->blocks; b++)
            for (size_t lane = 0; lane < g->lanes; lane += WIDTH) {
                size_t left = g->lanes - lane, part = image * g->blocks + b, c = b * g->lanes + lane;
                const float *m = mean + part * g->lanes + lane, *r = rstd + part * g->lanes + lane;
                const float *d = dy + part * pooled + lane;
                float *in = x + part * plane + lane;
                if (left >= WIDTH)
                    backward(g, in, gamma + c, beta + c, m, r, d, dgamma + c, dbeta + c, WIDTH);
                else
                    backward(g, in, gamma + c, beta + c, m, r, d, dgamma + c, dbeta + c, left);
            }
}
