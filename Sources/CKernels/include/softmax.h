// Statistics of a row's softmax, without the softmax itself.
#pragma once
#include <stddef.h>
#include <stdint.h>

/// el2n[rows] = ‖softmax(z) − onehot(label)‖₂ of z[rows, classes]. A row with a NaN or an infinity gives NaN.
///
/// Accurate where p(label) is near 1, too: with e = exp(z − m), m the largest logit of the other classes, and sums over
/// those, it is √(Σe² + (Σe)²) / (Σe + e(label)), which subtracts nothing and squares nothing small. A label that leads
/// by more than 87 counts as leading by 87: the norm is then about 10⁻³⁸, the smallest normal number. The bits are the same with every instruction set:
/// sixteen partial sums in a fixed order, no fused multiplications.
void ck_el2n(const float *z, const int32_t *labels, size_t rows, size_t classes, float *el2n);
