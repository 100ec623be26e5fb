#include "coverage.h"

#pragma STDC FP_CONTRACT ON

size_t ck_triangle(size_t depth) {
    size_t size = 0;
    for (size_t left = 0; left < depth; left += CK_WIDE)
        size += CK_WIDE * (left + CK_WIDE < depth ? left + CK_WIDE : depth);
    return size;
}

// Columns `left` to `left` + `width` of x as a panel: rows of x are its depth.
static void turn_panel(
    const float *x, size_t rows, size_t depth, const float *scales, const float *weights, size_t left, size_t width,
    float *packed) {
    size_t count = depth - left < width ? depth - left : width;
    for (size_t i = 0; i < rows; i++, packed += width) {
        float scale = weights ? scales[i] * weights[i] : scales[i];
        for (size_t w = 0; w < count; w++) packed[w] = x[i * depth + left + w] * scale;
        for (size_t w = count; w < width; w++) packed[w] = 0;
    }
}

void ck_add_moments(
    const float *x, size_t rows, size_t depth, const float *scales, const float *linear, const float *square,
    float *scratch, float *triangle, float *line) {
    float *right = scratch + (depth + CK_TALL) * rows, *tile = right + CK_WIDE * rows;
    for (size_t i = 0; i < rows; i++)
        for (size_t k = 0; k < depth; k++) line[k] += x[i * depth + k] * (scales[i] * linear[i]);
    for (size_t top = 0; top < depth; top += CK_TALL)
        turn_panel(x, rows, depth, scales, square, top, CK_TALL, scratch + top * rows);
    for (size_t left = 0; left < depth; left += CK_WIDE) {
        size_t end = left + CK_WIDE < depth ? left + CK_WIDE : depth;
        turn_panel(x, rows, depth, scales, NULL, left, CK_WIDE, right);
        for (size_t top = 0; top < end; top += CK_TALL) {
            ck_products(scratch + top * rows, 1, right, 1, rows, tile);
            for (size_t l = top; l < end && l < top + CK_TALL; l++)
                for (size_t k = left > l ? left : l; k < end; k++)
                    triangle[l * CK_WIDE + k - left] += (l < k ? 2 : 1) * tile[(l - top) * CK_WIDE + k - left];
        }
        triangle += CK_WIDE * end;
    }
}

void ck_forms(const float *a, size_t depth, const float *triangle, const float *line, float *tile, double *sums) {
    for (size_t left = 0; left < depth; left += CK_WIDE) {
        size_t end = left + CK_WIDE < depth ? left + CK_WIDE : depth;
        ck_products(a, 1, triangle, 1, end, tile);
        triangle += CK_WIDE * end;
        for (size_t k = left; k < end; k++)
            for (size_t i = 0; i < CK_TALL; i++)
                sums[i] += (double)((tile[CK_WIDE * i + k - left] + line[k]) * a[CK_TALL * k + i]);
    }
}
