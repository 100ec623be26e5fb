// Augmentation of one image [channels, height, width].
#pragma once
#include <stddef.h>
#include <stdint.h>

/// y(p) = x(A p), bilinear, zeros outside, for p in coordinates from the image's middle in units of its half sides;
/// matrix is A by rows. places and weights are memory for [4, width].
void assay_warp(
    const float *x, size_t channels, size_t height, size_t width, const float *matrix, int32_t *places,
    float *weights, float *y);
