// Sixteen numbers at once: loading, exp, ln, and folding sixteen rows of lanes into one. Included once per instruction
// set: TARGET is the function attribute, NAME adds its suffix, and CONVERTS_HALVES, SCALES and LOOKS_UP say what
// it has instructions for.
//
// All variants give the same bits: sums run in sixteen lanes and are folded in a fixed order, and every operation is
// one that IEEE 754 rounds correctly (fused multiply-add among them).

TARGET INLINE lanes NAME(load)(const void *logits, size_t index, int half) {
    lanes z;
    if (!half) {
        memcpy(&z, (const float *)logits + index, sizeof z);
        return z;
    }
#if CONVERTS_HALVES
    typedef _Float16 halves __attribute__((ext_vector_type(LANES)));
    halves h;
    memcpy(&h, (const uint16_t *)logits + index, sizeof h);
    return __builtin_convertvector(h, lanes);
#else
    typedef uint16_t halves __attribute__((ext_vector_type(LANES)));
    halves h;
    memcpy(&h, (const uint16_t *)logits + index, sizeof h);
    words wide = __builtin_convertvector(h, words), magnitude = wide & 0x7fff;
    z = __builtin_bit_cast(lanes, magnitude << 13) * 0x1p112f;  // exact, subnormal halves too
    words bits = __builtin_bit_cast(words, z) | ((wide & 0x8000) << 16);
    bits = magnitude >= 0x7c00 ? bits | 0x7f800000 : bits;
    return __builtin_bit_cast(lanes, bits);
#endif
}

// The last lanes of a row: what lies behind the row is read where it belongs to the block, and is 0 where it does not.
TARGET INLINE lanes NAME(load_tail)(const void *logits, size_t index, size_t end, int half) {
    if (index + LANES <= end) return NAME(load)(logits, index, half);
    uint32_t rest[LANES] = {0};
    size_t size = half ? 2 : 4;
    memcpy(rest, (const char *)logits + index * size, (end - index) * size);
    return NAME(load)(rest, 0, half);
}

// exp(r)'s polynomial less its first term, (exp(r) − 1) / r for |r| ≤ ln 2 / 2, and n with x = n ln 2 + r.
TARGET INLINE lanes NAME(reduced)(lanes x, lanes *r, lanes *n, words *power) {
    lanes shifted = FMA(x, (lanes)1.44269504f, (lanes)12582912.0f);  // 1.5 · 2^23: rounds to the nearest integer
    *power = __builtin_bit_cast(words, shifted) << 23;               // n, where an exponent is
    *n = shifted - 12582912.0f;
    *r = FMA(*n, (lanes)-0.693359375f, x);
    *r = FMA(*n, (lanes)2.12194440e-4f, *r);
    lanes p = FMA((lanes)0x1.6a2434p-10f, *r, (lanes)0x1.1239e2p-7f);
    p = FMA(p, *r, (lanes)0x1.5558f2p-5f);
    p = FMA(p, *r, (lanes)0x1.555492p-3f);
    p = FMA(p, *r, (lanes)0x1.fffffcp-2f);
    return FMA(p, *r, (lanes)1.0f);
}

// exp(x) for −87 ≤ x ≤ 0, within 1 ulp; a NaN stays one.
TARGET INLINE lanes NAME(exponential)(lanes x) {
    lanes r, n;
    words power;
    lanes p = NAME(reduced)(x, &r, &n, &power);
    p = FMA(p, r, (lanes)1.0f);
#if SCALES
    return (lanes)_mm512_scalef_ps((__m512)p, (__m512)n);
#else
    return __builtin_bit_cast(lanes, __builtin_bit_cast(words, p) + power);
#endif
}

// 1 − exp(x) for −87 ≤ x ≤ 0, with relative precision where x is small.
TARGET INLINE lanes NAME(complement)(lanes x) {
    lanes r, n;
    words power;
    lanes p = NAME(reduced)(x, &r, &n, &power) * r;
    lanes scale = __builtin_bit_cast(lanes, power + 0x3f800000);
    return -FMA(scale, p, scale - 1.0f);
}

// ln(w) for normal w > 0, within 2 ulp.
TARGET INLINE lanes NAME(logarithm)(lanes w) {
    words bits = __builtin_bit_cast(words, w) - 0x3f3504f3;  // √½: mantissas from √½ to √2
    lanes n = __builtin_convertvector(bits >> 23, lanes);
    lanes f = __builtin_bit_cast(lanes, (bits & 0x007fffff) + 0x3f3504f3) - 1.0f;
    lanes p = FMA((lanes)-0.07634493f, f, (lanes)0.12761575f);
    p = FMA(p, f, (lanes)-0.13160183f);
    p = FMA(p, f, (lanes)0.14201759f);
    p = FMA(p, f, (lanes)-0.16623357f);
    p = FMA(p, f, (lanes)0.20001227f);
    p = FMA(p, f, (lanes)-0.2500082f);
    p = FMA(p, f, (lanes)0.3333333f);
    p = FMA(p, f, (lanes)-0.5f);
    p = FMA(p, f * f, f);
    p = FMA(n, (lanes)-2.12194440e-4f, p);
    return FMA(n, (lanes)0.693359375f, p);
}

// ln(w) for normal w > 0, within 1e-7 or 2 ulp: cheaper, but not for results near 0. w = 2^n m with m in 1…2; by m's
// first five bits a number c ≈ 1/m is looked up, so that ln m = −ln c + ln(1 + r) with |r| ≤ 1/64.
TARGET INLINE lanes NAME(rough_logarithm)(lanes w) {
#if LOOKS_UP
    lanes n = (lanes)_mm512_getexp_ps((__m512)w);
    lanes m = (lanes)_mm512_getmant_ps((__m512)w, _MM_MANT_NORM_1_2, _MM_MANT_SIGN_zero);
    __m512i place = _mm512_srli_epi32((__m512i)m, 18);
    __m512 low = _mm512_loadu_ps(reciprocals), high = _mm512_loadu_ps(reciprocals + LANES);
    lanes c = (lanes)_mm512_permutex2var_ps(low, place, high);
    low = _mm512_loadu_ps(logarithms), high = _mm512_loadu_ps(logarithms + LANES);
    lanes log = (lanes)_mm512_permutex2var_ps(low, place, high);
#else
    words bits = __builtin_bit_cast(words, w), place = (bits >> 18) & 31;
    lanes n = __builtin_convertvector((bits >> 23) - 127, lanes), c, log;
    lanes m = __builtin_bit_cast(lanes, (bits & 0x007fffff) | 0x3f800000);
    for (int l = 0; l < LANES; l++) c[l] = reciprocals[place[l]], log[l] = logarithms[place[l]];
#endif
    lanes r = FMA(m, c, (lanes)-1.0f);
    lanes p = FMA((lanes)0.33333333f, r, (lanes)-0.5f);
    p = FMA(p, r, (lanes)1.0f);
    return FMA(p, r, FMA(n, (lanes)0.69314718f, log));
}

// ln(1 + u) for u ≥ 0, with relative precision where u is small; inverse ≈ 1 / (1 + u).
TARGET INLINE lanes NAME(logarithm1p)(lanes u, lanes inverse) {
    lanes w = 1.0f + u;
    return FMA(u - (w - 1.0f), inverse, NAME(logarithm)(w));
}

// Lane r is the sum of rows[r]'s lanes: l + (l + 8), then + 4, + 2, + 1.
TARGET INLINE lanes NAME(sums)(lanes *rows) {
    lanes a[8], b[4], c[2];
    for (int i = 0; i < 8; i++) a[i] = LOW8(rows[2 * i], rows[2 * i + 1]) + HIGH8(rows[2 * i], rows[2 * i + 1]);
    for (int i = 0; i < 4; i++) b[i] = LOW4(a[2 * i], a[2 * i + 1]) + HIGH4(a[2 * i], a[2 * i + 1]);
    for (int i = 0; i < 2; i++) c[i] = LOW2(b[2 * i], b[2 * i + 1]) + HIGH2(b[2 * i], b[2 * i + 1]);
    return LOW1(c[0], c[1]) + HIGH1(c[0], c[1]);
}

TARGET INLINE lanes NAME(larger)(lanes a, lanes b) { return a > b ? a : b; }
TARGET INLINE lanes NAME(smaller)(lanes a, lanes b) { return a < b ? a : b; }

// Lane r of top[0] is the largest of top[r]'s lanes; with `full`, of second[0] the second largest.
#define MERGE(low, high, i)                                                                            \
    do {                                                                                               \
        lanes p = low(top[2 * (i)], top[2 * (i) + 1]), q = high(top[2 * (i)], top[2 * (i) + 1]);       \
        if (full) {                                                                                    \
            lanes s = low(second[2 * (i)], second[2 * (i) + 1]);                                       \
            s = NAME(larger)(s, high(second[2 * (i)], second[2 * (i) + 1]));                           \
            second[i] = NAME(larger)(s, NAME(smaller)(p, q));                                          \
        }                                                                                              \
        top[i] = NAME(larger)(p, q);                                                                   \
    } while (0)

TARGET INLINE void NAME(largest)(lanes *top, lanes *second, int full) {
    for (int i = 0; i < 8; i++) MERGE(LOW8, HIGH8, i);
    for (int i = 0; i < 4; i++) MERGE(LOW4, HIGH4, i);
    for (int i = 0; i < 2; i++) MERGE(LOW2, HIGH2, i);
    MERGE(LOW1, HIGH1, 0);
}
#undef MERGE

TARGET static int NAME(exp_all)(const float *x, float *y, size_t count) {
    for (size_t i = 0; i < count; i += LANES) {
        lanes value = NAME(exponential)(NAME(load)(x, i, 0));
        memcpy(y + i, &value, sizeof value);
    }
    return 1;
}

TARGET static int NAME(log_all)(const float *w, float *y, size_t count) {
    for (size_t i = 0; i < count; i += LANES) {
        lanes value = NAME(logarithm)(NAME(load)(w, i, 0));
        memcpy(y + i, &value, sizeof value);
    }
    return 1;
}
