// IEEE half ↔ single precision, and the search for numbers that are none.
#pragma once
#include <stddef.h>
#include <stdint.h>

// count halves → floats, exactly; NaN stays NaN.
void ck_half_to_float(const uint16_t *halves, float *floats, size_t count);
// count floats → halves, to nearest, ties to even; beyond 65504 (rounded) to infinity.
void ck_float_to_half(const float *floats, uint16_t *halves, size_t count);
// The portable twins, for tests.
void ck_half_to_float_portable(const uint16_t *halves, float *floats, size_t count);
void ck_float_to_half_portable(const float *floats, uint16_t *halves, size_t count);
// Index of the first NaN or infinity at or after `start`; count when there is none.
size_t ck_first_non_finite(const float *floats, size_t start, size_t count);
