#include "dynamics.h"

#pragma STDC FP_CONTRACT OFF

// One variant per instruction set, chosen by the loader.
#if defined(__x86_64__) && defined(__linux__)
#define VARIANTS __attribute__((target_clones("avx512f", "avx2", "default")))
#else
#define VARIANTS
#endif

enum { BLOCK = 64 };  // rows at a time: their means and squares stay in the nearest cache

VARIANTS void ck_add_record(const float *x, size_t rows, double *sums) {
    for (size_t r = 0; r < rows; r++) sums[r] += (double)x[r];
}

VARIANTS void ck_add_spread(
    const float *x, size_t stride, size_t span, size_t rows, double divisor, double factor, int times_rest,
    double *sums) {
    double mean[BLOCK], squares[BLOCK], count = (double)span;
    for (size_t first = 0; first < rows; first += BLOCK) {
        size_t height = rows - first < BLOCK ? rows - first : BLOCK;
        const float *block = x + first;
        for (size_t r = 0; r < BLOCK; r++) mean[r] = squares[r] = 0;
        for (size_t k = 0; k < span; k++)
            for (size_t r = 0; r < height; r++) mean[r] += (double)block[k * stride + r];
        for (size_t r = 0; r < BLOCK; r++) mean[r] /= count;
        for (size_t k = 0; k < span; k++) {
            for (size_t r = 0; r < height; r++) {
                double deviation = (double)block[k * stride + r] - mean[r];
                squares[r] += deviation * deviation;
            }
        }
        for (size_t r = 0; r < height; r++) {
            double spread = factor * __builtin_elementwise_sqrt(squares[r] / divisor);
            sums[first + r] += times_rest ? spread * (1 - mean[r]) : spread;
        }
    }
}

VARIANTS void ck_count_forgotten(
    const float *correct, size_t stride, size_t count, size_t rows, double never, double *values) {
    float ever[BLOCK], times[BLOCK];
    for (size_t first = 0; first < rows; first += BLOCK) {
        size_t height = rows - first < BLOCK ? rows - first : BLOCK;
        const float *block = correct + first;
        for (size_t r = 0; r < height; r++) ever[r] = block[r], times[r] = 0;
        for (size_t k = 1; k < count; k++) {
            for (size_t r = 0; r < height; r++) {
                float before = block[(k - 1) * stride + r], now = block[k * stride + r];
                times[r] += before * (1 - now);  // both are 0 or 1
                ever[r] = now > ever[r] ? now : ever[r];
            }
        }
        for (size_t r = 0; r < height; r++) values[first + r] = ever[r] > 0 ? (double)times[r] : never;
    }
}

VARIANTS void ck_squared_norms(const float *x, size_t rows, size_t columns, double *norms) {
    enum { LANES = 16 };
    for (size_t r = 0; r < rows; r++, x += columns) {
        double sums[LANES] = {0};
        size_t c = 0;
        for (; c + LANES <= columns; c += LANES)
            for (size_t l = 0; l < LANES; l++) sums[l] += (double)x[c + l] * (double)x[c + l];
        for (size_t l = 0; c < columns; c++, l++) sums[l] += (double)x[c] * (double)x[c];
        for (size_t half = LANES / 2; half > 0; half /= 2)
            for (size_t l = 0; l < half; l++) sums[l] += sums[l + half];
        norms[r] = sums[0];
    }
}

VARIANTS size_t ck_first_outside(const float *x, size_t count, float low, float high) {
    size_t i = 0;
    // Blocks without a branch inside become vector instructions; the block at fault is looked through again.
    for (; i + BLOCK <= count; i += BLOCK) {
        int outside = 0;
        for (size_t j = 0; j < BLOCK; j++) outside |= !((x[i + j] >= low) & (x[i + j] <= high));
        if (outside) break;
    }
    for (; i < count; i++)
        if (!(x[i] >= low && x[i] <= high)) return i;
    return count;
}

VARIANTS size_t ck_first_bad_label(const int32_t *labels, size_t count, int32_t classes) {
    size_t i = 0;
    for (; i + BLOCK <= count; i += BLOCK) {
        int bad = 0;
        for (size_t j = 0; j < BLOCK; j++) bad |= (labels[i + j] < 0) | (labels[i + j] >= classes);
        if (bad) break;
    }
    for (; i < count; i++)
        if (labels[i] < 0 || labels[i] >= classes) return i;
    return count;
}
