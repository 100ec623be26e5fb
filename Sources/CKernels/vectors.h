// Sixteen floats at a time. The vector type is the compiler's own: it becomes one register with AVX-512, two with AVX2,
// four otherwise; VARIANTS compiles a function for each, and the loader chooses.
#pragma once
#include <stddef.h>
#include <stdint.h>

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

// Mean and Σ (x − mean)² of n lanes over `area` pixels that lie `lanes` floats apart.
INLINE void lane_moments(const float *x, size_t area, size_t lanes, size_t n, vector *mean, vector *spread) {
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
    *mean = m;
    *spread = (s[0] + s[1]) + (s[2] + s[3]);
}
