#include "softmax.h"
#include <float.h>
#include <math.h>
#include <string.h>

#pragma STDC FP_CONTRACT OFF
// Sixteen lanes are handed to functions that are always inlined: no calling convention is concerned.
#pragma clang diagnostic ignored "-Wpsabi"

enum { LANES = 16 };
typedef float lanes __attribute__((ext_vector_type(16)));
typedef int32_t words __attribute__((ext_vector_type(16)));
#define EVEN8(a, b) PICK(a, b, 0, 1, 2, 3, 4, 5, 6, 7, 16, 17, 18, 19, 20, 21, 22, 23)
#define ODD8(a, b) PICK(a, b, 8, 9, 10, 11, 12, 13, 14, 15, 24, 25, 26, 27, 28, 29, 30, 31)
#define EVEN4(a, b) PICK(a, b, 0, 1, 2, 3, 16, 17, 18, 19, 8, 9, 10, 11, 24, 25, 26, 27)
#define ODD4(a, b) PICK(a, b, 4, 5, 6, 7, 20, 21, 22, 23, 12, 13, 14, 15, 28, 29, 30, 31)
#define EVEN2(a, b) PICK(a, b, 0, 1, 16, 17, 4, 5, 20, 21, 8, 9, 24, 25, 12, 13, 28, 29)
#define ODD2(a, b) PICK(a, b, 2, 3, 18, 19, 6, 7, 22, 23, 10, 11, 26, 27, 14, 15, 30, 31)
#define EVEN1(a, b) PICK(a, b, 0, 16, 2, 18, 4, 20, 6, 22, 8, 24, 10, 26, 12, 28, 14, 30)
#define ODD1(a, b) PICK(a, b, 1, 17, 3, 19, 5, 21, 7, 23, 9, 25, 11, 27, 13, 29, 15, 31)

#define FMA(a, b, c) __builtin_elementwise_fma(a, b, c)
#define COUNTING ((words){0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15})
#define PICK(a, b, ...) __builtin_shufflevector(a, b, __VA_ARGS__)
#define LOW8(a, b) PICK(a, b, 0, 1, 2, 3, 4, 5, 6, 7, 16, 17, 18, 19, 20, 21, 22, 23)
#define HIGH8(a, b) PICK(a, b, 8, 9, 10, 11, 12, 13, 14, 15, 24, 25, 26, 27, 28, 29, 30, 31)
#define LOW4(a, b) PICK(a, b, 0, 1, 2, 3, 8, 9, 10, 11, 16, 17, 18, 19, 24, 25, 26, 27)
#define HIGH4(a, b) PICK(a, b, 4, 5, 6, 7, 12, 13, 14, 15, 20, 21, 22, 23, 28, 29, 30, 31)
#define LOW2(a, b) PICK(a, b, 0, 1, 4, 5, 8, 9, 12, 13, 16, 17, 20, 21, 24, 25, 28, 29)
#define HIGH2(a, b) PICK(a, b, 2, 3, 6, 7, 10, 11, 14, 15, 18, 19, 22, 23, 26, 27, 30, 31)
#define LOW1(a, b) PICK(a, b, 0, 2, 4, 6, 8, 10, 12, 14, 16, 18, 20, 22, 24, 26, 28, 30)
#define HIGH1(a, b) PICK(a, b, 1, 3, 5, 7, 9, 11, 13, 15, 17, 19, 21, 23, 25, 27, 29, 31)

// 1 / (1 + (i + ½) / 32), and less its logarithm.
static const float reciprocals[2 * LANES] = {
    0.9846154f, 0.95522386f, 0.92753625f, 0.90140843f, 0.8767123f, 0.85333335f, 0.83116883f, 0.8101266f,
    0.79012346f, 0.7710843f, 0.7529412f, 0.7356322f, 0.71910113f, 0.7032967f, 0.68817204f, 0.67368424f,
    0.6597938f, 0.64646465f, 0.63366336f, 0.6213592f, 0.60952383f, 0.5981308f, 0.58715594f, 0.5765766f,
    0.5663717f, 0.5565217f, 0.5470086f, 0.53781515f, 0.5289256f, 0.5203252f, 0.512f, 0.503937f};
static const float logarithms[2 * LANES] = {
    0.015504186f, 0.04580956f, 0.0752234f, 0.10379681f, 0.13157636f, 0.15860501f, 0.18492234f, 0.21056475f,
    0.23556606f, 0.25995755f, 0.28376815f, 0.30702505f, 0.32975328f, 0.3519764f, 0.3737164f, 0.39499375f,
    0.41582793f, 0.43623677f, 0.45623744f, 0.4758459f, 0.49507722f, 0.51394576f, 0.53246486f, 0.5506471f,
    0.56850475f, 0.5860491f, 0.6032908f, 0.62024033f, 0.6369075f, 0.6533013f, 0.6694306f, 0.685304f};

#if defined(__aarch64__)
#define CONVERTS_HALVES 1
#else
#define CONVERTS_HALVES 0
#endif
#define SCALES 0
#define LOOKS_UP 0
#define SPECIALIZES 0
#define INLINE static
#define TARGET
#define NAME(x) x##_portable
#include "softmax_lanes.h"
#include "softmax_rows.h"
#include "softmax_few.h"
#include "softmax_all.h"
#include "softmax_soft.h"
#undef TARGET
#undef NAME
#undef CONVERTS_HALVES
#undef SPECIALIZES
#undef INLINE

#if defined(__x86_64__)
#include <immintrin.h>

#define CONVERTS_HALVES 1
#define SPECIALIZES 1
#define INLINE static inline __attribute__((always_inline))
#define TARGET __attribute__((target("avx2,fma,f16c")))
#define NAME(x) x##_avx2
#include "softmax_lanes.h"
#include "softmax_rows.h"
#include "softmax_few.h"
#include "softmax_all.h"
#include "softmax_soft.h"
#undef TARGET
#undef NAME
#undef SCALES
#undef LOOKS_UP

#define SCALES 1
#define LOOKS_UP 1
#define TARGET __attribute__((target("avx512f,avx512dq,avx512bw,avx512vl,fma,f16c")))
#define NAME(x) x##_avx512
#include "softmax_lanes.h"
#include "softmax_rows.h"
#include "softmax_few.h"
#include "softmax_all.h"
#include "softmax_soft.h"
#undef TARGET
#undef NAME

static int best_variant(void) {
    if (__builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512dq") && __builtin_cpu_supports("avx512bw")
        && __builtin_cpu_supports("avx512vl"))
        return 2;
    return __builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma") && __builtin_cpu_supports("f16c");
}
#define CHOOSE(function, ...)                                                     \
    switch (variant) {                                                            \
    case 0: return function##_portable(__VA_ARGS__);                              \
    case 1: return function##_avx2(__VA_ARGS__);                                  \
    default: return function##_avx512(__VA_ARGS__);                               \
    }
#else
static int best_variant(void) { return 0; }
#define CHOOSE(function, ...) return function##_portable(__VA_ARGS__);
#endif

// The only class has all of the probability.
static size_t one_class(const void *logits, int half, size_t rows, const ck_softmax_records *out) {
    size_t bad = rows;
    for (size_t r = 0; r < rows; r++) {
        int finite;
        if (half) {
            finite = (((const uint16_t *)logits)[r] & 0x7c00) != 0x7c00;
        } else {
            float z;
            memcpy(&z, (const float *)logits + r, sizeof z);
            finite = z - z == 0;
        }
        if (!finite && bad == rows) bad = r;
        float *zeros[] = {out->el2n, out->el1, out->loss, out->entropy};
        float *ones[] = {out->target_probability, out->correct, out->top_probability, out->probability_margin,
            out->top_margin};
        for (size_t i = 0; i < sizeof zeros / sizeof *zeros; i++)
            if (zeros[i]) zeros[i][r] = 0;
        for (size_t i = 0; i < sizeof ones / sizeof *ones; i++)
            if (ones[i]) ones[i][r] = 1;
        if (out->logit_margin) out->logit_margin[r] = 0;
        if (out->divergence && out->logarithms_known) out->divergence[r] = 0;
    }
    return bad;
}

size_t ck_softmax_statistics_variant(
    int variant, const void *logits, int half, const int32_t *labels, size_t rows, size_t classes,
    const ck_softmax_records *out) {
    if (variant > best_variant()) return SIZE_MAX;
    if (classes == 1) return one_class(logits, half, rows, out);
    CHOOSE(statistics, logits, half != 0, labels, rows, classes, out)
}

size_t ck_softmax_statistics(
    const void *logits, int half, const int32_t *labels, size_t rows, size_t classes, const ck_softmax_records *out) {
    return ck_softmax_statistics_variant(best_variant(), logits, half, labels, rows, classes, out);
}

size_t ck_soft_el2n_variant(
    int variant, const void *logits, int half, const float *q, size_t rows, size_t classes, float temperature,
    float *scratch, float *values) {
    if (variant > best_variant()) return SIZE_MAX;
    CHOOSE(soft_el2n, logits, half != 0, q, rows, classes, temperature, scratch, values)
}

size_t ck_soft_el2n(
    const void *logits, int half, const float *q, size_t rows, size_t classes, float temperature, float *scratch,
    float *values) {
    return ck_soft_el2n_variant(best_variant(), logits, half, q, rows, classes, temperature, scratch, values);
}

size_t ck_raise_probabilities(float *q, size_t rows, size_t classes, double power) {
    for (size_t r = 0; r < rows; r++, q += classes) {
        double sum = 0, raised = 0, top = 0;
        int fine = 1;
        for (size_t c = 0; c < classes; c++) {
            fine &= q[c] >= 0 && q[c] <= FLT_MAX;
            top = q[c] > top ? q[c] : top;
            sum += q[c];
        }
        if (!fine || !(fabs(sum - 1) <= 0.01)) return r;
        if (power == 1) continue;
        for (size_t c = 0; c < classes; c++) raised += pow(q[c] / top, power);
        for (size_t c = 0; c < classes; c++) q[c] = (float)(pow(q[c] / top, power) / raised);
    }
    return rows;
}

int ck_exp_variant(int variant, const float *x, float *y, size_t count) {
    if (variant > best_variant()) return 0;
    CHOOSE(exp_all, x, y, count)
}

int ck_log_variant(int variant, const float *w, float *y, size_t count) {
    if (variant > best_variant()) return 0;
    CHOOSE(log_all, w, y, count)
}
