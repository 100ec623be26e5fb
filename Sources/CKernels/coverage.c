#include "coverage.h"
#include <string.h>

// A sum of products is one instruction where there is one: the bits are the same in every tile of a machine.
#pragma STDC FP_CONTRACT ON

// The vector type is the compiler's own: one register with AVX-512, two with AVX2, four otherwise.
#if defined(__x86_64__) && defined(__linux__)
#define VARIANTS __attribute__((target_clones("avx512f", "avx2", "default")))
#else
#define VARIANTS
#endif
#define INLINE static inline __attribute__((always_inline))

enum { LANES = 16, DEPTH = 512, AHEAD = 8 };  // DEPTH: what a tall panel keeps in the nearest cache
typedef float lanes __attribute__((ext_vector_type(16)));
typedef float loose __attribute__((ext_vector_type(16), aligned(4)));
typedef double precise __attribute__((ext_vector_type(16)));
typedef int32_t mask __attribute__((ext_vector_type(16)));

void ck_pack(
    const float *x, size_t depth, const uint32_t *rows, size_t count, const float *scales, size_t width, float *packed) {
    for (size_t first = 0; first < count; first += width, packed += width * depth) {
        size_t height = count - first < width ? count - first : width;
        if (height < width) memset(packed, 0, width * depth * sizeof(float));
        for (size_t w = 0; w < height; w++) {
            const float *row = x + rows[first + w] * depth;
            float scale = scales ? scales[rows[first + w]] : 1;
            for (size_t k = 0; k < depth; k++) packed[k * width + w] = row[k] * scale;
        }
    }
}

// A tile of HEIGHT rows by 16 · BREADTH columns in registers.
#define EACH _Pragma("unroll") for
#define TILE(NAME, TARGET, HEIGHT, BREADTH)                                                                            \
    TARGET static void NAME(                                                                                           \
        const float *a, const float *b, size_t depth, int adds, float *result, size_t stride) {                        \
        lanes sums[HEIGHT][BREADTH], columns[BREADTH];                                                                 \
        EACH(int i = 0; i < HEIGHT; i++) EACH(int v = 0; v < BREADTH; v++)                                             \
            sums[i][v] = adds ? *(const loose *)(result + i * stride + LANES * v) : (lanes)0.0f;                       \
        for (size_t k = 0; k < depth; k++) {                                                                           \
            EACH(int v = 0; v < BREADTH; v++) {                                                                        \
                columns[v] = *(const loose *)(b + CK_WIDE * k + LANES * v);                                            \
                __builtin_prefetch(b + CK_WIDE * (k + AHEAD) + LANES * v);                                             \
            }                                                                                                          \
            EACH(int i = 0; i < HEIGHT; i++) EACH(int v = 0; v < BREADTH; v++)                                         \
                sums[i][v] = a[CK_TALL * k + i] * columns[v] + sums[i][v];                                             \
        }                                                                                                              \
        EACH(int i = 0; i < HEIGHT; i++) EACH(int v = 0; v < BREADTH; v++)                                             \
            *(loose *)(result + i * stride + LANES * v) = sums[i][v];                                                  \
    }

#if defined(__x86_64__)
TILE(tile_avx512, __attribute__((target("avx512f"))), 14, 2)
TILE(tile_avx2, __attribute__((target("avx2,fma"))), 7, 1)
#endif
TILE(tile_portable, , 2, 1)

typedef void tile(const float *, const float *, size_t, int, float *, size_t);

void ck_products(const float *a, size_t p, const float *b, size_t q, size_t depth, float *result) {
    tile *multiply = tile_portable;
    size_t height = 2, breadth = 1, stride = CK_WIDE * q;
#if defined(__x86_64__)
    if (__builtin_cpu_supports("avx512f")) multiply = tile_avx512, height = 14, breadth = 2;
    else if (__builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma")) multiply = tile_avx2, height = 7;
#endif
    if (depth == 0) memset(result, 0, p * CK_TALL * stride * sizeof(float));
    for (size_t first = 0; first < depth; first += DEPTH) {
        size_t part = depth - first < DEPTH ? depth - first : DEPTH;
        for (size_t top = 0; top < p; top++)
            for (size_t left = 0; left < q; left++)
                for (size_t i = 0; i < CK_TALL; i += height)
                    for (size_t j = 0; j < CK_WIDE; j += LANES * breadth)
                        multiply(
                            a + (top * depth + first) * CK_TALL + i, b + (left * depth + first) * CK_WIDE + j, part,
                            first > 0, result + (top * CK_TALL + i) * stride + left * CK_WIDE + j, stride);
    }
}

VARIANTS void ck_transpose(const float *x, size_t stride, size_t rows, size_t columns, float *y) {
    size_t top = 0;
    for (; top + LANES <= rows; top += LANES) {
        for (size_t j = 0; j < columns; j++) {
            lanes column;
            for (size_t i = 0; i < LANES; i++) column[i] = x[(top + i) * stride + j];
            *(loose *)(y + j * rows + top) = column;
        }
    }
    for (; top < rows; top++)
        for (size_t j = 0; j < columns; j++) y[j * rows + top] = x[top * stride + j];
}

INLINE void add_gain(const float *x, size_t columns, float covered, double *sums) {
    for (size_t j = 0; j < columns; j++) {
        float excess = x[j] - covered;
        sums[j] += (double)(excess > 0 ? excess : 0);
    }
}

INLINE void add_loss(const float *x, size_t columns, float before, float after, double *sums) {
    for (size_t j = 0; j < columns; j++) {
        float old = x[j] - before, new = x[j] - after;
        sums[j] += (double)((old > 0 ? old : 0) - (new > 0 ? new : 0));
    }
}

VARIANTS double ck_gain(const float *x, const float *covered, size_t count) {
    precise sums = 0;
    size_t j = 0;
    for (; j + LANES <= count; j += LANES) {
        lanes excess = *(const loose *)(x + j) - *(const loose *)(covered + j);
        sums += __builtin_convertvector(excess > 0 ? excess : (lanes)0.0f, precise);
    }
    double total = 0;
    for (size_t l = 0; l < LANES; l++) total += sums[l];
    for (; j < count; j++) total += (double)(x[j] > covered[j] ? x[j] - covered[j] : 0);
    return total;
}

VARIANTS void ck_add_gains(
    const float *x, size_t stride, size_t rows, size_t columns, const float *covered, double *sums) {
    for (size_t i = 0; i < rows; i++) add_gain(x + i * stride, columns, covered[i], sums);
}

VARIANTS void ck_add_losses(
    const float *x, size_t stride, size_t rows, size_t columns, const float *before, const float *after, double *sums) {
    for (size_t i = 0; i < rows; i++) add_loss(x + i * stride, columns, before[i], after[i], sums);
}

VARIANTS void ck_add_stages(
    const float *x, size_t stride, size_t rows, size_t columns, const float *base, const uint32_t *starts,
    const uint32_t *places, const float *values, size_t stages, size_t width, double *sums) {
    for (size_t i = 0; i < rows; i++) {
        float covered = base[i];
        for (size_t e = starts[i]; e < starts[i + 1]; covered = values[e++])
            add_loss(x + i * stride, columns, covered, values[e], sums + places[e] * width);
        add_gain(x + i * stride, columns, covered, sums + stages * width);
    }
}

VARIANTS size_t ck_above(
    const float *x, size_t count, float threshold, uint32_t first, uint32_t *places, float *values) {
    size_t found = 0, j = 0;
    for (; j + LANES <= count; j += LANES) {
        mask above = *(const loose *)(x + j) > (lanes)threshold;
        if (!__builtin_reduce_or(above)) continue;
        for (size_t l = 0; l < LANES; l++) {
            places[found] = first + (uint32_t)(j + l);
            values[found] = x[j + l];
            found += x[j + l] > threshold;
        }
    }
    for (; j < count; j++) {
        if (!(x[j] > threshold)) continue;
        places[found] = first + (uint32_t)j;
        values[found++] = x[j];
    }
    return found;
}
