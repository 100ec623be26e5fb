// Blocks of a similarity matrix, and what coverage takes from them.
#pragma once
#include <stddef.h>
#include <stdint.h>

/// Rows per panel of the left and of the right factor of `ck_products`.
enum { CK_TALL = 14, CK_WIDE = 32 };

/// packed[p][k][w] = x[row · depth + k] · scales[row] with row = rows[width · p + w], zeros beyond `count` rows; a null
/// `scales` scales nothing.
void ck_pack(
    const float *x, size_t depth, const uint32_t *rows, size_t count, const float *scales, size_t width, float *packed);
/// result[i · 32 q + j] = Σ_k a_i[k] · b_j[k] over `p` panels of 14 rows and `q` panels of 32, packed. Every sum is one
/// chain in the order of k: its bits depend on the two rows alone, whichever of them is left, wherever they stand.
void ck_products(const float *a, size_t p, const float *b, size_t q, size_t depth, float *result);
/// y[j · rows + i] = x[i · stride + j]
void ck_transpose(const float *x, size_t stride, size_t rows, size_t columns, float *y);
/// sums[j] += Σ_i max(0, x[i · stride + j] − covered[i]): what candidates gain.
void ck_add_gains(const float *x, size_t stride, size_t rows, size_t columns, const float *covered, double *sums);
/// sums[j] += Σ_i max(0, x[i · stride + j] − before[i]) − max(0, x[i · stride + j] − after[i]): what they lose.
void ck_add_losses(
    const float *x, size_t stride, size_t rows, size_t columns, const float *before, const float *after, double *sums);
/// Row i of x is the similarity of target i to `columns` candidates, and the coverage of the target goes from base[i]
/// through values[starts[i]], …, values[starts[i + 1] − 1] at the stages of the same places:
/// sums[stage · width + j] += what candidate j loses at the stage, sums[stages · width + j] += what it gains in the end.
/// `scratch` has room for 32 (stages + 1) + 16.
void ck_add_stages(
    const float *x, size_t stride, size_t rows, size_t columns, const float *base, const uint32_t *starts,
    const uint32_t *places, const float *values, size_t stages, size_t width, double *scratch,
    double *sums);
/// Σ_j max(0, x[j] − covered[j]), in an order that depends on `count` alone.
double ck_gain(const float *x, const float *covered, size_t count);
/// Of every row i the places first + j and values of x[i · stride + j] > thresholds[i], in order, one row after the other;
/// counts[i] is how many. Places and values need room for rows · columns.
void ck_above(
    const float *x, size_t stride, size_t rows, size_t columns, const float *thresholds, uint32_t first,
    uint32_t *places, float *values, uint32_t *counts);
/// Floats in an upper triangle [depth, depth] that is kept as panels of 32 columns, each packed to its last column's depth.
size_t ck_triangle(size_t depth);
/// With y_i = scales[i] · x_i, the rows of x: triangle[l][k] += Σ_i square[i] · y_i[l] · y_i[k], twice that where l < k, and
/// line[k] += Σ_i linear[i] · y_i[k]. `scratch` has room for (depth + 46) · rows + 448 floats.
void ck_add_moments(
    const float *x, size_t rows, size_t depth, const float *scales, const float *linear, const float *square,
    float *scratch, float *triangle, float *line);
/// sums[i] += Σ_k a_i[k] · (line[k] + Σ_{l ≤ k} triangle[l][k] · a_i[l]) for a panel of 14 rows; `tile` has room for 448.
void ck_forms(const float *a, size_t depth, const float *triangle, const float *line, float *tile, double *sums);
