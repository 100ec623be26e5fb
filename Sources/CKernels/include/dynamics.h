// What the checkpoints of a sample add up to: elementwise over rows, in double precision, the same bits with every
// instruction set. x[k · stride + r] is checkpoint k of row r.
#pragma once
#include <stddef.h>
#include <stdint.h>

/// sums[r] += x[r]
void ck_add_record(const float *x, size_t rows, double *sums);
/// sums[r] += Σ_k w_k √(Σ_j (x_{k+j} − mean_k)² / divisor) over the windows k of `span` of the checkpoints, the last
/// one's weight being `factor` and each one before `decay` times the next one's; each times 1 − mean_k where
/// `times_rest`. scratch: [8 · checkpoints]. Equal numbers have a spread of exactly 0.
void ck_add_windows(
    const float *x, size_t stride, size_t checkpoints, size_t span, size_t rows, double divisor, double factor,
    double decay, int times_rest, double *scratch, double *sums);
/// values[r] = how often 1 is followed by 0 in `count` checkpoints, or `never` where none is 1.
void ck_count_forgotten(const float *correct, size_t stride, size_t count, size_t rows, double never, double *values);
/// norms[r] = Σ x²  of x[rows, columns]: NaN or infinite where an element is.
void ck_squared_norms(const float *x, size_t rows, size_t columns, double *norms);
/// The first x[i] that is NaN or not within low…high, or count.
size_t ck_first_outside(const float *x, size_t count, float low, float high);
/// The first labels[i] that is not within 0..<classes, or count.
size_t ck_first_bad_label(const int32_t *labels, size_t count, int32_t classes);
