#include "dynamics.h"
#include <string.h>

#pragma STDC FP_CONTRACT OFF

// One variant per instruction set, chosen by the loader.
#if defined(__x86_64__) && defined(__linux__)
#define VARIANTS __attribute__((target_clones("avx512f", "avx2", "default")))
#else
#define VARIANTS
#endif

enum { BLOCK = 64, ABREAST = 8 };  // rows at a time: in the nearest cache, in a register
typedef double wide __attribute__((ext_vector_type(8)));
typedef float narrow __attribute__((ext_vector_type(8)));

VARIANTS void ck_add_record(const float *x, size_t rows, double *sums) {
    for (size_t r = 0; r < rows; r++) sums[r] += (double)x[r];
}

VARIANTS void ck_add_windows(
    const float *x, size_t stride, size_t checkpoints, size_t span, size_t rows, double divisor, double factor,
    double decay, int times_rest, double *scratch, double *sums) {
    double share = 1 / (double)span, last = factor / __builtin_elementwise_sqrt(divisor);
    for (size_t first = 0; first < rows; first += ABREAST) {
        size_t height = rows - first < ABREAST ? rows - first : ABREAST;
        for (size_t k = 0; k < checkpoints; k++) {
            narrow values = 0;
            if (height == ABREAST) memcpy(&values, x + k * stride + first, sizeof values);
            else memcpy(&values, x + k * stride + first, height * sizeof(float));
            wide value = __builtin_convertvector(values, wide);
            memcpy(scratch + k * ABREAST, &value, sizeof value);
        }
        wide sum = 0;
        double weight = last;
        for (size_t k = checkpoints - span + 1; k-- > 0; weight *= decay) {
            const double *window = scratch + k * ABREAST;
            // Relative to the first of them, so that equal numbers have a spread of exactly 0.
            wide origin, value, mean = 0, squares = 0;
            memcpy(&origin, window, sizeof origin);
            for (size_t j = 1; j < span; j++) {
                memcpy(&value, window + j * ABREAST, sizeof value);
                mean += value - origin;
            }
            mean = origin + mean * share;
            for (size_t j = 0; j < span; j++) {
                memcpy(&value, window + j * ABREAST, sizeof value);
                squares += (value - mean) * (value - mean);
            }
            wide spread = weight * __builtin_elementwise_sqrt(squares);
            sum += times_rest ? spread * (1 - mean) : spread;
        }
        for (size_t r = 0; r < height; r++) sums[first + r] += sum[r];
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
