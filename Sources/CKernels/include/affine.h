// Normalisation in parts: what batch, group and no normalisation are made of. Each is a map z = x · scale + shift of its
// own for every channel (of every image), an optional residual, an activation and an optional 2×2 mean.
//
// `stride` is the distance from one image's coefficients to the next one's: the number of channels, padded ones included,
// or 0 where all images share them.
#pragma once
#include "training.h"

enum { assay_linear = 0, assay_relu = 1, assay_relu6 = 2 };

typedef struct {
    const float *scale, *shift, *mean;
    /// dx = scale · dz − level − curve · (x − mean)
    const float *level, *curve;
    size_t stride;
    int activation;
    int pool;
} assay_affine_map;

/// Mean and Σ (x − mean)² of each channel of each image, [images, channels].
void assay_moments(const assay_grid *grid, const float *x, float *mean, float *spread);
/// y = pool(activation(x · scale + shift + residual)); residual may be NULL.
void assay_affine(
    const assay_grid *grid, const assay_affine_map *map, const float *x, const float *residual, float *y);
/// Σ dz and Σ dz (x − mean) of each channel of each image, [images, channels], where dz is the gradient before the
/// activation. With `other`, a second gradient of y, or with `y`, what assay_affine made with a residual, dz itself
/// replaces dy (not with pooling).
void assay_affine_sums(
    const assay_grid *grid, const assay_affine_map *map, const float *x, const float *y, float *dy, const float *other,
    float *sum, float *product);
/// x becomes its gradient. dy holds dz already where `replaced`.
void assay_affine_backward(
    const assay_grid *grid, const assay_affine_map *map, float *x, const float *dy, int replaced);

/// Mean and Σ (x − mean)² of each channel over all images, from those of each image over `area` pixels.
void assay_batch_moments(
    const float *mean, const float *spread, size_t images, size_t channels, size_t area, float *total_mean,
    float *total_spread);
/// sums[columns] = Σ_rows x[rows, columns], in double, from the first row to the last.
void assay_precise_column_sums(const float *x, size_t rows, size_t columns, float *sums);

/// y[images, channels], the mean over each image's pixels.
void assay_global_mean(const assay_grid *grid, const float *x, size_t channels, float *y);
/// Its adjoint: each pixel gets dy / area; padded lanes become zero.
void assay_global_mean_backward(const assay_grid *grid, const float *dy, size_t channels, float *dx);
/// x += y
void assay_add(float *x, const float *y, size_t count);
