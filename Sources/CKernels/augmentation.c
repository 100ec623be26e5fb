#include "augmentation.h"

// One variant per instruction set, chosen by the loader. Without contraction, so that each gives the same bits.
#pragma clang fp contract(off)
#if defined(__x86_64__) && defined(__linux__)
#define VARIANTS __attribute__((target_clones("avx512f", "avx2", "default")))
#else
#define VARIANTS
#endif

static inline float clamped(float value, float high) { return value < -1 ? -1 : value > high ? high : value; }

/// Where a coordinate lies between two pixels: their places, held inside, and their weights, 0 outside.
static inline void place(float at, int32_t count, int32_t *places, float *weights, size_t stride) {
    float inside = clamped(at, (float)count);
    int32_t first = (int32_t)(inside + 1) - 1, last = count - 1;
    float second = inside - (float)first;
    places[0] = first < 0 ? 0 : first > last ? last : first;
    places[stride] = first + 1 > last ? last : first + 1;
    weights[0] = first >= 0 && first <= last ? 1 - second : 0;
    weights[stride] = first < last ? second : 0;
}

VARIANTS void assay_warp(
    const float *restrict x, size_t channels, size_t height, size_t width, const float *restrict matrix,
    int32_t *restrict places, float *restrict weights, float *restrict y) {
    float half_height = (float)height / 2, half_width = (float)width / 2;
    float xx = matrix[0], xy = matrix[1], yx = matrix[2], yy = matrix[3];
    for (size_t i = 0; i < height; i++) {
        float v = ((float)i + 0.5f) / half_height - 1;
        for (size_t j = 0; j < width; j++) {
            float u = ((float)(int32_t)j + 0.5f) / half_width - 1;
            place((xx * u + xy * v + 1) * half_width - 0.5f, (int32_t)width, places + j, weights + j, width);
            place(
                (yx * u + yy * v + 1) * half_height - 0.5f, (int32_t)height, places + 2 * width + j,
                weights + 2 * width + j, width);
        }
        for (size_t j = 0; j < width; j++) {
            places[2 * width + j] *= (int32_t)width;
            places[3 * width + j] *= (int32_t)width;
        }
        for (size_t c = 0; c < channels; c++) {
            const float *in = x + c * height * width;
            float *out = y + (c * height + i) * width;
            for (size_t j = 0; j < width; j++) {
                int32_t left = places[j], right = places[width + j], up = places[2 * width + j],
                        down = places[3 * width + j];
                out[j] = weights[2 * width + j] * (weights[j] * in[up + left] + weights[width + j] * in[up + right])
                       + weights[3 * width + j] * (weights[j] * in[down + left] + weights[width + j] * in[down + right]);
            }
        }
    }
}
