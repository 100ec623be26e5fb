// What the checkpoints of a sample add up to: elementwise over rows, in double precision, the same bits with every
// instruction set. x[k · stride + r] is checkpoint k of row r.
#pragma once
#include <stddef.h>
#include <stdint.h>

/// sums[r] += x[r]
void ck_add_record(const float *x, size_t rows, double *sums);
/// sums[r] += factor · √(Σ_k (x_k − mean)² / divisor) over `span` checkpoints, times 1 − mean where `times_rest`.
void ck_add_spread(
    const float *x, size_t stride, size_t span, size_t rows, double divisor, double factor, int times_rest, double *sums);
/// values[r] = how often 1 is followed by 0 in `count` checkpoints, or `never` where none is 1.
void ck_count_forgotten(const float *correct, size_t stride, size_t count, size_t rows, double never, double *values);
/// norms[r] = Σ x²  of x[rows, columns]: NaN or infinite where an element is.
void ck_squared_norms(const float *x, size_t rows, size_t columns, double *norms);
/// The first x[i] that is NaN or not within low…high, or count.
size_t ck_first_outside(const float *x, size_t count, float low, float high);
/// The first labels[i] that is not within 0..<classes, or count.
size_t ck_first_bad_label(const int32_t *labels, size_t count, int32_t classes);
