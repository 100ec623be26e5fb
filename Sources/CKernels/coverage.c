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

// DEPTH: what a tall panel keeps in the nearest cache. STRIP: vectors that fit into registers beside what they change.
enum { LANES = 16, DEPTH = 512, AHEAD = 8, STRIP = 2 };
typedef float lanes __attribute__((ext_vector_type(16)));
typedef float loose __attribute__((ext_vector_type(16), aligned(4)));
typedef double precise __attribute__((ext_vector_type(16)));
typedef int32_t mask __attribute__((ext_vector_type(16)));

// Four rounds of a perfect shuffle turn 16 rows of 16 into columns.
INLINE void turn(lanes v[LANES]) {
    for (int round = 0; round < 4; round++) {
        lanes next[LANES];
        for (int i = 0; i < LANES / 2; i++) {
            next[2 * i] = __builtin_shufflevector(
                v[i], v[i + 8], 0, 16, 1, 17, 2, 18, 3, 19, 4, 20, 5, 21, 6, 22, 7, 23);
            next[2 * i + 1] = __builtin_shufflevector(
                v[i], v[i + 8], 8, 24, 9, 25, 10, 26, 11, 27, 12, 28, 13, 29, 14, 30, 15, 31);
        }
        memcpy(v, next, sizeof next);
    }
}

// Of a panel of `width` rows those from `top` on, at most 16. Those `ahead`, of the next panel, come from far memory.
INLINE void pack_rows(
    const float *x, size_t depth, const uint32_t *rows, size_t height, const float *scales, size_t top, size_t wide,
    size_t width, int ahead, float *packed) {
    size_t k = 0;
    for (; k + LANES <= depth; k += LANES) {
        lanes v[LANES];
        for (size_t w = 0; w < LANES; w++) {
            v[w] = 0;
            if (top + w < height) {
                if (ahead) __builtin_prefetch(x + rows[top + w + width] * depth + k);
                v[w] = *(const loose *)(x + rows[top + w] * depth + k);
                if (scales) v[w] *= scales[rows[top + w]];
            }
        }
        turn(v);
        for (size_t l = 0; l < LANES; l++) memcpy(packed + (k + l) * width + top, v + l, wide * sizeof(float));
    }
    for (; k < depth; k++)
        for (size_t w = top; w < top + wide; w++) {
            float scale = w < height && scales ? scales[rows[w]] : 1;
            packed[k * width + w] = w < height ? x[rows[w] * depth + k] * scale : 0;
        }
}

VARIANTS void ck_pack(
    const float *x, size_t depth, const uint32_t *rows, size_t count, const float *scales, size_t width, float *packed) {
    for (size_t first = 0; first < count; first += width, packed += width * depth) {
        size_t height = count - first < width ? count - first : width;
        int ahead = first + 2 * width <= count;
        if (width == CK_TALL) {
            pack_rows(x, depth, rows + first, height, scales, 0, CK_TALL, CK_TALL, ahead, packed);
        } else {
            for (size_t top = 0; top < CK_WIDE; top += LANES)
                pack_rows(x, depth, rows + first, height, scales, top, LANES, CK_WIDE, ahead, packed);
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
    for (size_t top = 0; top < rows; top += LANES) {
        size_t j = 0;
        for (; top + LANES <= rows && j + LANES <= columns; j += LANES) {
            lanes v[LANES];
            for (size_t i = 0; i < LANES; i++) v[i] = *(const loose *)(x + (top + i) * stride + j);
            turn(v);
            for (size_t l = 0; l < LANES; l++) *(loose *)(y + (j + l) * rows + top) = v[l];
        }
        for (; j < columns; j++)
            for (size_t i = top; i < rows && i < top + LANES; i++) y[j * rows + i] = x[i * stride + j];
    }
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

// A strip of columns, so narrow that its sums of all stages stay in the nearest cache.
INLINE void add_strip(
    const float *x, size_t stride, size_t rows, size_t columns, const float *base, const uint32_t *starts,
    const uint32_t *places, const float *values, size_t stages, precise *sums) {
    size_t vectors = (columns + LANES - 1) / LANES;
    for (size_t i = 0; i < rows; i++, x += stride) {
        lanes points[STRIP] = {0}, excess[STRIP];
        memcpy(points, x, columns * sizeof(float));
        for (size_t v = 0; v < vectors; v++) {
            lanes old = points[v] - base[i];
            excess[v] = old > 0 ? old : (lanes)0.0f;
        }
        for (size_t e = starts[i]; e < starts[i + 1]; e++) {
            precise *lost = sums + places[e] * STRIP;
            for (size_t v = 0; v < vectors; v++) {
                lanes new = points[v] - values[e];
                new = new > 0 ? new : (lanes)0.0f;
                lost[v] += __builtin_convertvector(excess[v] - new, precise);
                excess[v] = new;
            }
        }
        for (size_t v = 0; v < vectors; v++)
            sums[stages * STRIP + v] += __builtin_convertvector(excess[v], precise);
    }
}

VARIANTS void ck_add_stages(
    const float *x, size_t stride, size_t rows, size_t columns, const float *base, const uint32_t *starts,
    const uint32_t *places, const float *values, size_t stages, size_t width, double *scratch, double *sums) {
    precise *strip = (precise *)(((uintptr_t)scratch + sizeof(precise) - 1) / sizeof(precise) * sizeof(precise));
    for (size_t j = 0, count; j < columns; j += count) {
        count = columns - j < LANES * STRIP ? columns - j : LANES * STRIP;
        memset(strip, 0, (stages + 1) * STRIP * sizeof(precise));
        if (count == LANES * STRIP)
            add_strip(x + j, stride, rows, LANES * STRIP, base, starts, places, values, stages, strip);
        else add_strip(x + j, stride, rows, count, base, starts, places, values, stages, strip);
        for (size_t s = 0; s <= stages; s++) {
            const double *line = (const double *)(strip + s * STRIP);
            for (size_t l = 0; l < count; l++) sums[s * width + j + l] += line[l];
        }
    }
}

VARIANTS void ck_above(
    const float *x, size_t stride, size_t rows, size_t columns, const float *thresholds, uint32_t first,
    uint32_t *places, float *values, uint32_t *counts) {
    for (size_t i = 0; i < rows; i++, x += stride) {
        float threshold = thresholds[i];
        size_t found = 0, j = 0;
        for (; j + LANES <= columns; j += LANES) {
            mask above = *(const loose *)(x + j) > (lanes)threshold;
            if (!__builtin_reduce_or(above)) continue;
            for (size_t l = 0; l < LANES; l++) {
                places[found] = first + (uint32_t)(j + l);
                values[found] = x[j + l];
                found += x[j + l] > threshold;
            }
        }
        for (; j < columns; j++) {
            if (!(x[j] > threshold)) continue;
            places[found] = first + (uint32_t)j;
            values[found++] = x[j];
        }
        counts[i] = (uint32_t)found;
        places += found;
        values += found;
    }
}
