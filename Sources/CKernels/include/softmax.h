// Statistics of a row's softmax, without the softmax itself.
#pragma once
#include <stddef.h>
#include <stdint.h>

/// el2n[rows] = ‖softmax(z) − onehot(label)‖₂ of z[rows, classes]. A row with a NaN or an infinity gives NaN.
///
/// Accurate where p(label) is near 1, too: with e = exp(z − max) and sums over the other classes, it is
/// √(Σe² + (Σe)²) / (Σe + e(label)), which subtracts nothing. The bits are the same with every instruction set:
/// sixteen partial sums in a fixed order, no fused multiplications.
void ck_el2n(const float *z, const int32_t *labels, size_t rows, size_t classes, float *el2n);
