#include "training.h"
#include <math.h>

#include "vectors.h"

// Instance normalisation, ReLU and pooling in one pass each way.

INLINE void moments(const float *x, size_t area, size_t lanes, size_t n, float epsilon, vector *mean, vector *rstd) {
    vector spread;
    lane_moments(x, area, lanes, n, mean, &spread);
    vector variance = spread / (float)area;
    for (size_t k = 0; k < WIDTH; k++) (*rstd)[k] = 1 / sqrtf(variance[k] + epsilon);
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
