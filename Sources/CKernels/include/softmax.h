// Statistics of a row's softmax, without the softmax itself.
#pragma once
#include <stddef.h>
#include <stdint.h>

/// Where ck_softmax_statistics puts what it computes: each [rows], or null where it is not wanted. With z a row's
/// logits, y its label, p = softmax(z), p(1) ≥ p(2) ≥ … its probabilities in order.
typedef struct {
    float *el2n;                ///< ‖p − onehot(y)‖₂
    float *el1;                 ///< ‖p − onehot(y)‖₁ = 2 (1 − p_y), nothing subtracted from 1
    float *target_probability;  ///< p_y
    float *logit_margin;        ///< z_y − max_{c≠y} z_c
    float *probability_margin;  ///< p_y − max_{c≠y} p_c
    float *correct;             ///< 1 where y is the first class of the largest logit, else 0
    float *loss;                ///< −ln p_y
    float *top_probability;     ///< p(1)
    float *entropy;             ///< −Σ p ln p, nats
    float *top_margin;          ///< p(1) − p(2)
    float *divergence;          ///< Σ_c |p (ln(p + 10⁻⁸) − ln(p' + 10⁻⁸))|, p' those of `logarithms`
    /// ln(p + 10⁻⁸) in an order of its own, [rows, stride], both rounded up to 16: read where they are known, then
    /// replaced. Null: no divergence.
    float *logarithms;
    int logarithms_known;
    float *scratch;  ///< [16, stride], needed with `logarithms`
} ck_softmax_records;

/// Statistics of logits[rows, classes], float or IEEE half (half ≠ 0), for labels[rows] in 0..<classes.
///
/// Returns the first row with a NaN or an infinity, whose statistics mean nothing, or `rows`. Accurate where p_y is
/// near 1, too: el2n, el1, loss and entropy keep their relative precision, and so do small margins; exp is within 1
/// ulp. Exponents end at −87, so that a probability, an el2n or a loss below about 10⁻³⁸ is given as about that. The
/// same bits with every instruction set, for any number of rows in a call, whatever else is asked for, and for halves
/// as for the floats they stand for.
size_t ck_softmax_statistics(
    const void *logits, int half, const int32_t *labels, size_t rows, size_t classes, const ck_softmax_records *out);

/// The same with one instruction set, for tests: 0 any processor, 1 AVX2 with FMA and F16C, 2 AVX-512. Returns SIZE_MAX
/// where this processor does not have it.
size_t ck_softmax_statistics_variant(
    int variant, const void *logits, int half, const int32_t *labels, size_t rows, size_t classes,
    const ck_softmax_records *out);
/// values[rows] = ‖softmax(z/T) − q‖₂ for logits z and probabilities q[rows, classes]; scratch as above.
///
/// Returns the first row with a logit that is NaN or infinite, or `rows`. The bits are the same with every instruction
/// set.
size_t ck_soft_el2n(
    const void *logits, int half, const float *q, size_t rows, size_t classes, float temperature, float *scratch,
    float *values);
size_t ck_soft_el2n_variant(
    int variant, const void *logits, int half, const float *q, size_t rows, size_t classes, float temperature,
    float *scratch, float *values);
/// q[r, c] = q[r, c]^power / Σ_c' q[r, c']^power, in place: probabilities at another temperature. With power 1 they
/// stay as they are. Returns the first row that is no distribution (within 0.01), or `rows`.
size_t ck_raise_probabilities(float *q, size_t rows, size_t classes, double power);

/// exp(x) for −87 ≤ x ≤ 0 and ln(w) for normal w > 0 as the statistics use them, for tests: count is a multiple of 16.
int ck_exp_variant(int variant, const float *x, float *y, size_t count);
int ck_log_variant(int variant, const float *w, float *y, size_t count);
