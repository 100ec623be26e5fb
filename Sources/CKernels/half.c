#include "CKernels.h"
#include <string.h>

static inline float half_to_float(uint16_t h) {
    uint32_t sign = (uint32_t)(h & 0x8000) << 16, exponent = (h >> 10) & 0x1f, mantissa = h & 0x3ff, bits;
    if (exponent == 0x1f) {
        bits = sign | 0x7f800000 | (mantissa << 13);
        if (mantissa) bits |= 0x00400000; // quiet, as the CPU's instruction makes it
    } else if (exponent) {
        bits = sign | ((exponent + 112) << 23) | (mantissa << 13);
    } else {
        float value = (float)mantissa * 0x1p-24f; // exact: subnormal halves are normal floats
        memcpy(&bits, &value, 4);
        bits |= sign;
    }
    float result;
    memcpy(&result, &bits, 4);
    return result;
}

static inline uint16_t float_to_half(float f) {
    uint32_t bits;
    memcpy(&bits, &f, 4);
    uint16_t sign = (uint16_t)((bits >> 16) & 0x8000);
    uint32_t magnitude = bits & 0x7fffffff;
    if (magnitude > 0x7f800000) return (uint16_t)(sign | 0x7e00 | ((magnitude >> 13) & 0x3ff));
    if (magnitude >= 0x477ff000) return (uint16_t)(sign | 0x7c00); // 65520 and above round to infinity
    if (magnitude < 0x38800000) {                                  // below 2^-14: a subnormal half
        if (magnitude <= 0x33000000) return sign;                  // at most 2^-25: ties to even, which is zero
        uint32_t shift = 126 - (magnitude >> 23), mantissa = (magnitude & 0x7fffff) | 0x800000;
        uint32_t result = mantissa >> shift, rest = mantissa & ((1u << shift) - 1), tie = 1u << (shift - 1);
        if (rest > tie || (rest == tie && (result & 1))) result++;
        return (uint16_t)(sign | result);
    }
    uint32_t rounded = magnitude + 0xfff + ((magnitude >> 13) & 1);
    return (uint16_t)(sign | ((rounded - 0x38000000) >> 13));
}

void ck_half_to_float_portable(const uint16_t *halves, float *floats, size_t count) {
    for (size_t i = 0; i < count; i++) floats[i] = half_to_float(halves[i]);
}

void ck_float_to_half_portable(const float *floats, uint16_t *halves, size_t count) {
    for (size_t i = 0; i < count; i++) halves[i] = float_to_half(floats[i]);
}

#if defined(__x86_64__)
#include <immintrin.h>

__attribute__((target("avx512f"))) static void half_to_float_avx512(const uint16_t *h, float *f, size_t count) {
    size_t i = 0;
    for (; i + 16 <= count; i += 16) {
        _mm512_storeu_ps(f + i, _mm512_cvtph_ps(_mm256_loadu_si256((const __m256i *)(h + i))));
    }
    ck_half_to_float_portable(h + i, f + i, count - i);
}

__attribute__((target("avx512f"))) static void float_to_half_avx512(const float *f, uint16_t *h, size_t count) {
    size_t i = 0;
    for (; i + 16 <= count; i += 16) {
        __m256i half = _mm512_cvtps_ph(_mm512_loadu_ps(f + i), _MM_FROUND_TO_NEAREST_INT | _MM_FROUND_NO_EXC);
        _mm256_storeu_si256((__m256i *)(h + i), half);
    }
    ck_float_to_half_portable(f + i, h + i, count - i);
}

__attribute__((target("avx,f16c"))) static void half_to_float_f16c(const uint16_t *h, float *f, size_t count) {
    size_t i = 0;
    for (; i + 8 <= count; i += 8) {
        _mm256_storeu_ps(f + i, _mm256_cvtph_ps(_mm_loadu_si128((const __m128i *)(h + i))));
    }
    ck_half_to_float_portable(h + i, f + i, count - i);
}

__attribute__((target("avx,f16c"))) static void float_to_half_f16c(const float *f, uint16_t *h, size_t count) {
    size_t i = 0;
    for (; i + 8 <= count; i += 8) {
        _mm_storeu_si128((__m128i *)(h + i), _mm256_cvtps_ph(_mm256_loadu_ps(f + i), _MM_FROUND_TO_NEAREST_INT));
    }
    ck_float_to_half_portable(f + i, h + i, count - i);
}

void ck_half_to_float(const uint16_t *halves, float *floats, size_t count) {
    if (__builtin_cpu_supports("avx512f")) {
        half_to_float_avx512(halves, floats, count);
    } else if (__builtin_cpu_supports("avx") && __builtin_cpu_supports("f16c")) {
        half_to_float_f16c(halves, floats, count);
    } else {
        ck_half_to_float_portable(halves, floats, count);
    }
}

void ck_float_to_half(const float *floats, uint16_t *halves, size_t count) {
    if (__builtin_cpu_supports("avx512f")) {
        float_to_half_avx512(floats, halves, count);
    } else if (__builtin_cpu_supports("avx") && __builtin_cpu_supports("f16c")) {
        float_to_half_f16c(floats, halves, count);
    } else {
        ck_float_to_half_portable(floats, halves, count);
    }
}
#else
void ck_half_to_float(const uint16_t *halves, float *floats, size_t count) {
    ck_half_to_float_portable(halves, floats, count);
}

void ck_float_to_half(const float *floats, uint16_t *halves, size_t count) {
    ck_float_to_half_portable(floats, halves, count);
}
#endif

size_t ck_first_non_finite(const float *floats, size_t start, size_t count) {
    size_t i = start;
    // Blocks without a branch inside, which the compiler turns into vectors: the exponent of a number that is none is
    // all ones.
    for (; i + 256 <= count; i += 256) {
        uint32_t found = 0;
        for (size_t j = 0; j < 256; j++) {
            uint32_t bits;
            memcpy(&bits, floats + i + j, 4);
            found |= (bits & 0x7f800000) == 0x7f800000;
        }
        if (found) break;
    }
    for (; i < count; i++) {
        uint32_t bits;
        memcpy(&bits, floats + i, 4);
        if ((bits & 0x7f800000) == 0x7f800000) return i;
    }
    return count;
}
