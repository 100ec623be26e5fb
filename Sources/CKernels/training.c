#include "training.h"
#include <math.h>
#include <string.h>

// One variant per instruction set, chosen by the loader.
#if defined(__x86_64__) && defined(__linux__)
#define VARIANTS __attribute__((target_clones("avx512f", "avx2", "default")))
#else
#define VARIANTS
#endif

VARIANTS void assay_add_bias(
    float *x, const float *bias, size_t rows, size_t columns, size_t stride, int relu) {
    for (size_t r = 0; r < rows; r++) {
        float *row = x + r * stride;
        if (relu) {
            for (size_t c = 0; c < columns; c++) {
                float z = row[c] + bias[c];
                row[c] = z < 0 ? 0 : z;  // NaN stays NaN: divergence must show in the loss
            }
        } else {
            for (size_t c = 0; c < columns; c++) row[c] += bias[c];
        }
    }
}

VARIANTS void assay_relu_backward(float *dx, const float *y, size_t rows, size_t columns, size_t stride) {
    for (size_t r = 0; r < rows; r++, dx += stride, y += stride)
        for (size_t c = 0; c < columns; c++) dx[c] = y[c] > 0 ? dx[c] : 0;
}

VARIANTS void assay_column_sums(const float *x, size_t rows, size_t columns, float *sums) {
    memset(sums, 0, columns * sizeof(float));
    for (size_t r = 0; r < rows; r++)
        for (size_t c = 0; c < columns; c++) sums[c] += x[r * columns + c];
}

double assay_cross_entropy(const float *z, const int32_t *labels, size_t rows, size_t classes, float scale, float *dz) {
    double total = 0;
    for (size_t r = 0; r < rows; r++, z += classes) {
        float top = z[0];
        for (size_t c = 1; c < classes; c++) top = z[c] > top ? z[c] : top;
        double sum = 0;
        for (size_t c = 0; c < classes; c++) {
            float e = expf(z[c] - top);
            if (dz) dz[r * classes + c] = e;
            sum += e;
        }
        total += log(sum) - (double)(z[labels[r]] - top);
        if (dz) {
            float *d = dz + r * classes, factor = (float)(scale / sum);
            for (size_t c = 0; c < classes; c++) d[c] *= factor;
            d[labels[r]] -= scale;
        }
    }
    return total;
}

double assay_divergence(
    const float *z, const float *q, size_t rows, size_t classes, float temperature, float scale, float *dz) {
    double total = 0;
    float inverse = 1 / temperature;
    for (size_t r = 0; r < rows; r++, z += classes, q += classes) {
        float top = z[0];
        for (size_t c = 1; c < classes; c++) top = z[c] > top ? z[c] : top;
        double sum = 0, mass = 0;
        for (size_t c = 0; c < classes; c++) {
            float e = expf((z[c] - top) * inverse);
            if (dz) dz[r * classes + c] = e;
            sum += e;
            mass += q[c];
        }
        double logSum = log(sum);
        for (size_t c = 0; c < classes; c++) {
            double p = q[c];  // 0 log 0 = 0
            if (p > 0) total += p * (log(p) - ((double)((z[c] - top) * inverse) - logSum));
        }
        if (!(logSum == logSum)) total += logSum;  // NaN logits must show even where q is zero
        if (dz) {
            float *d = dz + r * classes, factor = (float)(scale * inverse * mass / sum), weight = scale * inverse;
            for (size_t c = 0; c < classes; c++) d[c] = d[c] * factor - q[c] * weight;
        }
    }
    return total;
}

double assay_soft_cross_entropy(
    const float *z, const float *q, size_t rows, size_t classes, float scale, float *dz) {
    double total = 0;
    for (size_t r = 0; r < rows; r++, z += classes, q += classes) {
        float top = z[0];
        for (size_t c = 1; c < classes; c++) top = z[c] > top ? z[c] : top;
        double sum = 0, mass = 0;
        for (size_t c = 0; c < classes; c++) {
            float e = expf(z[c] - top);
            if (dz) dz[r * classes + c] = e;
            sum += e;
            mass += q[c];
        }
        double logSum = log(sum);
        for (size_t c = 0; c < classes; c++)
            if (q[c] > 0) total += q[c] * (logSum - (double)(z[c] - top));
        if (!(logSum == logSum)) total += logSum;  // NaN logits must show even where q is zero
        if (dz) {
            float *d = dz + r * classes, factor = (float)(scale * mass / sum);
            for (size_t c = 0; c < classes; c++) d[c] = d[c] * factor - q[c] * scale;
        }
    }
    return total;
}

double assay_mean_squares(
    const float *z, const float *t, size_t rows, size_t classes, float scale, float *dz) {
    double total = 0;
    float factor = 2 * scale / (float)classes;
    for (size_t i = 0; i < rows * classes; i++) {
        float d = z[i] - t[i];
        total += (double)d * d;
        dz[i] += factor * d;
    }
    return total / (double)classes;
}

void assay_add_softmax(
    const float *z, size_t rows, size_t classes, float temperature, float share, float *sum) {
    float inverse = 1 / temperature;
    for (size_t r = 0; r < rows; r++, z += classes, sum += classes) {
        float top = z[0];
        for (size_t c = 1; c < classes; c++) top = z[c] > top ? z[c] : top;
        double mass = 0;
        for (size_t c = 0; c < classes; c++) mass += expf((z[c] - top) * inverse);
        float factor = (float)(share / mass);
        for (size_t c = 0; c < classes; c++) sum[c] += expf((z[c] - top) * inverse) * factor;
    }
}

size_t assay_errors(const float *z, const int32_t *labels, size_t rows, size_t classes) {
    size_t wrong = 0;
    for (size_t r = 0; r < rows; r++, z += classes) {
        size_t best = 0;
        for (size_t c = 1; c < classes; c++)
            if (z[c] > z[best]) best = c;
        wrong += best != (size_t)labels[r];
    }
    return wrong;
}

VARIANTS void assay_tree_sum(float *first, size_t stride, size_t parts, size_t count) {
    enum { chunk = 2048 };  // stays in the first-level cache while the tree is climbed
    for (size_t start = 0; start < count; start += chunk) {
        size_t n = count - start < chunk ? count - start : chunk;
        for (size_t step = 1; step < parts; step *= 2)
            for (size_t p = 0; p + step < parts; p += 2 * step) {
                float *restrict a = first + p * stride + start;
                const float *restrict b = first + (p + step) * stride + start;
                for (size_t i = 0; i < n; i++) a[i] += b[i];
            }
    }
}

VARIANTS void assay_sgd(
    float *restrict w, float *restrict v, const float *restrict g, size_t count, float rate, float momentum,
    float decay, int nesterov) {
    if (nesterov) {
        for (size_t i = 0; i < count; i++) {
            float d = g[i] + decay * w[i];
            float m = momentum * v[i] + d;
            v[i] = m;
            w[i] -= rate * (d + momentum * m);
        }
    } else {
        for (size_t i = 0; i < count; i++) {
            float m = momentum * v[i] + (g[i] + decay * w[i]);
            v[i] = m;
            w[i] -= rate * m;
        }
    }
}

VARIANTS void assay_adamw(
    float *restrict w, float *restrict m, float *restrict v, const float *restrict g, size_t count,
    const assay_adam_constants *k) {
    for (size_t i = 0; i < count; i++) {
        float d = g[i];
        float first = m[i] + (d - m[i]) * k->one_minus_beta1;
        float second = v[i] * k->beta2 + k->one_minus_beta2 * d * d;
        m[i] = first;
        v[i] = second;
        w[i] = w[i] * k->shrink - k->step_size * (first / (sqrtf(second) / k->root_correction2 + k->epsilon));
    }
}

VARIANTS void assay_average(float *restrict average, const float *restrict w, size_t count, float decay) {
    float rest = 1 - decay;
    for (size_t i = 0; i < count; i++) average[i] = decay * average[i] + rest * w[i];
}

void assay_from_blocks(const assay_grid *g, const float *x, size_t channels, float *y) {
    size_t area = g->height * g->width;
    for (size_t n = 0; n < g->images; n++)
        for (size_t c = 0; c < channels; c++) {
            const float *in = x + ((n * g->blocks + c / g->lanes) * area) * g->lanes + c % g->lanes;
            float *out = y + (n * channels + c) * area;
            for (size_t i = 0; i < area; i++) out[i] = in[i * g->lanes];
        }
}

void assay_to_blocks(const assay_grid *g, const float *y, size_t channels, float *x) {
    size_t area = g->height * g->width;
    memset(x, 0, g->images * g->blocks * area * g->lanes * sizeof(float));
    for (size_t n = 0; n < g->images; n++)
        for (size_t c = 0; c < channels; c++) {
            float *out = x + ((n * g->blocks + c / g->lanes) * area) * g->lanes + c % g->lanes;
            const float *in = y + (n * channels + c) * area;
            for (size_t i = 0; i < area; i++) out[i * g->lanes] = in[i];
        }
}
