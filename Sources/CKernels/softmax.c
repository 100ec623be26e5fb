#include "softmax.h"
#include <float.h>
#include <math.h>
#include <string.h>

#pragma STDC FP_CONTRACT OFF

#if defined(__x86_64__) && defined(__linux__)
#define VARIANTS __attribute__((target_clones("avx512f", "avx2", "default")))
#else
#define VARIANTS
#endif
#define INLINE static inline __attribute__((always_inline))

enum { LANES = 16 };

// exp(x) for x ≤ 0: Cody–Waite reduction and a polynomial of degree 6, within 2 ulp; below −87 it stays at exp(−87),
// the last that is a normal number. No branches and no calls, so that sixteen lanes become vector instructions.
INLINE float exp_nonpositive(float x) {
    x = x < -87.0f ? -87.0f : x;
    float shifted = x * 1.44269504f + 12582912.0f;  // 1.5 · 2^23: rounds to the nearest integer
    int32_t bits;
    memcpy(&bits, &shifted, sizeof bits);
    float n = shifted - 12582912.0f;
    float r = x - n * 0.693359375f;
    r = r + n * 2.12194440e-4f;
    float p = 1.9875691500e-4f;
    p = p * r + 1.3981999507e-3f;
    p = p * r + 8.3334519073e-3f;
    p = p * r + 4.1665795894e-2f;
    p = p * r + 1.6666665459e-1f;
    p = p * r + 5.0000001201e-1f;
    p = p * (r * r) + r + 1.0f;
    int32_t power = (int32_t)((uint32_t)(bits - 0x4B400000 + 127) << 23);
    float scale;
    memcpy(&scale, &power, sizeof scale);
    return p * scale;
}

// Adds sixteen logits that begin at class `first`; classes from `classes` on, and the label, count nothing.
INLINE void add(const float *z, int32_t first, int32_t classes, int32_t label, float top, float *sum, float *squares) {
    for (int l = 0; l < LANES; l++) {
        float e = exp_nonpositive(z[l] - top);
        int32_t c = first + l;
        e = ((c < classes) & (c != label)) ? e : 0.0f;
        sum[l] += e;
        squares[l] += e * e;
    }
}

// Raises `tops` to sixteen logits, the same ones left out; `check` becomes NaN where a logit is not finite.
INLINE void raise(const float *z, int32_t first, int32_t classes, int32_t label, float *tops, float *check) {
    for (int l = 0; l < LANES; l++) {
        int32_t c = first + l;
        float other = ((c < classes) & (c != label)) ? z[l] : -FLT_MAX;
        tops[l] = other > tops[l] ? other : tops[l];
        check[l] += z[l] - z[l];
    }
}

INLINE float folded(const float *lanes) {
    float half[8], quarter[4];
    for (int l = 0; l < 8; l++) half[l] = lanes[l] + lanes[l + 8];
    for (int l = 0; l < 4; l++) quarter[l] = half[l] + half[l + 4];
    return (quarter[0] + quarter[2]) + (quarter[1] + quarter[3]);
}

VARIANTS void ck_el2n(const float *z, const int32_t *labels, size_t rows, size_t classes, float *el2n) {
    size_t whole = classes / LANES * LANES;
    int32_t bound = (int32_t)classes;
    for (size_t r = 0; r < rows; r++, z += classes) {
        int32_t label = labels[r];
        // The rest of a row is copied behind its last whole block of lanes and filled up with its own first logit.
        float rest[LANES];
        for (size_t l = 0; l < LANES; l++) rest[l] = z[whole + l < classes ? whole + l : 0];
        float tops[LANES], check[LANES] = {0}, sum[LANES] = {0}, squares[LANES] = {0};
        for (int l = 0; l < LANES; l++) tops[l] = -FLT_MAX;
        for (size_t c = 0; c < whole; c += LANES) raise(z + c, (int32_t)c, bound, label, tops, check);
        raise(rest, (int32_t)whole, bound, label, tops, check);
        float top = tops[0];
        for (int l = 1; l < LANES; l++) top = tops[l] > top ? tops[l] : top;
        for (size_t c = 0; c < whole; c += LANES) add(z + c, (int32_t)c, bound, label, top, sum, squares);
        if (whole < classes) add(rest, (int32_t)whole, bound, label, top, sum, squares);
        // Relative to the larger of the label's logit and the others' largest, so that nothing is squared but numbers
        // of which the largest is 1.
        float lead = z[label] - top;
        float own = exp_nonpositive(lead < 0.0f ? lead : 0.0f);
        float scale = exp_nonpositive(lead > 0.0f ? -lead : 0.0f);
        float others = folded(sum);
        float norm = sqrtf(folded(squares) + others * others);
        // `check` is 0 for finite logits, and NaN otherwise.
        el2n[r] = norm * scale / (others * scale + own) + folded(check);
    }
}
