// Elementwise and reduction loops of training. Every sum has an order fixed by the shapes alone.
//
// Activations of convolutions lie as oneDNN lays them, [images, blocks, height, width, lanes]: lanes = 16 or 8 for
// the blocked layouts, 1 for [N, C, H, W], the number of channels for [N, H, W, C]. Padded lanes hold zeros.
#pragma once
#include <stddef.h>
#include <stdint.h>

typedef struct {
    size_t images, blocks, height, width, lanes;
} assay_grid;

/// x[rows, columns] += bias[columns], rows `stride` floats apart; with `relu`, negative results become zero.
void assay_add_bias(float *x, const float *bias, size_t rows, size_t columns, size_t stride, int relu);
/// dx[rows, columns] becomes zero where the activation y was not positive; rows of both are `stride` floats apart.
void assay_relu_backward(float *dx, const float *y, size_t rows, size_t columns, size_t stride);
/// sums[columns] = Σ_rows x[rows, columns], from the first row to the last.
void assay_column_sums(const float *x, size_t rows, size_t columns, float *sums);

/// Σ_rows −log softmax(z)[label]; dz[rows, classes] = (softmax(z) − onehot) · scale unless dz is NULL.
double assay_cross_entropy(const float *z, const int32_t *labels, size_t rows, size_t classes, float scale, float *dz);
/// Σ_rows KL(q ‖ softmax(z / temperature)); dz = (softmax(z / temperature) · Σq − q) · scale / temperature.
double assay_divergence(
    const float *z, const float *q, size_t rows, size_t classes, float temperature, float scale, float *dz);
/// Σ_rows −Σ_classes q log softmax(z); dz[rows, classes] = (softmax(z) · Σq − q) · scale unless dz is NULL.
double assay_soft_cross_entropy(
    const float *z, const float *q, size_t rows, size_t classes, float scale, float *dz);
/// Σ_rows mean_classes (z − t)²; dz[rows, classes] grows by 2 (z − t) / classes · scale.
double assay_mean_squares(const float *z, const float *t, size_t rows, size_t classes, float scale, float *dz);
/// sum[rows, classes] grows by softmax(z / temperature) · share.
void assay_add_softmax(const float *z, size_t rows, size_t classes, float temperature, float share, float *sum);
/// Rows whose greatest logit (the first of equals) is not the label's.
size_t assay_errors(const float *z, const int32_t *labels, size_t rows, size_t classes);

/// parts[0] becomes the sum of `parts` arrays that lie `stride` floats apart, added pairwise in a fixed tree.
void assay_tree_sum(float *first, size_t stride, size_t parts, size_t count);
/// Stochastic gradient descent as PyTorch defines it: v = momentum v + g + decay w; w −= rate · (v, or g + momentum v).
void assay_sgd(
    float *w, float *v, const float *g, size_t count, float rate, float momentum, float decay, int nesterov);

/// What one AdamW step is the same for in all parameters: 1 − rate · decay, 1 − β₁, β₂, 1 − β₂, rate / (1 − β₁ᵗ),
/// √(1 − β₂ᵗ), ε.
typedef struct {
    float shrink, one_minus_beta1, beta2, one_minus_beta2, step_size, root_correction2, epsilon;
} assay_adam_constants;
/// AdamW in PyTorch's order: w shrinks, m += (g − m)(1 − β₁), v = β₂ v + (1 − β₂) g²,
/// w −= step_size · m / (√v / root_correction2 + ε).
void assay_adamw(
    float *w, float *m, float *v, const float *g, size_t count, const assay_adam_constants *constants);
/// average = decay · average + (1 − decay) · w.
void assay_average(float *average, const float *w, size_t count, float decay);

/// Instance normalisation (affine), ReLU and 2×2 average pooling (floor) in one pass: x on the grid, y pooled.
/// gamma and beta [blocks · lanes], mean and rstd (1/σ) [images, blocks · lanes].
void assay_norm_relu_pool(
    const assay_grid *grid, const float *x, const float *gamma, const float *beta, float epsilon, float *mean,
    float *rstd, float *y);
/// The adjoint of `assay_norm_relu_pool`: x is overwritten with its gradient; the sums over the images are added
/// to dgamma and dbeta [blocks · lanes].
void assay_norm_relu_pool_backward(
    const assay_grid *grid, float *x, const float *gamma, const float *beta, const float *mean, const float *rstd,
    const float *dy, float *dgamma, float *dbeta);

/// y[images, channels, height, width] from x on the grid.
void assay_from_blocks(const assay_grid *grid, const float *x, size_t channels, float *y);
/// x on the grid from y[images, channels, height, width]; padded lanes become zero.
void assay_to_blocks(const assay_grid *grid, const float *y, size_t channels, float *x);
