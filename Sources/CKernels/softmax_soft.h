// The distance to soft labels of sixteen rows of logits at a temperature, included once per instruction set after
// softmax_rows.h. No class is left out.

TARGET INLINE lanes NAME(cooled)(lanes z, float top, lanes inverse) {
    lanes x = (z - top) * inverse;
    return x < -87.0f ? (lanes)-87.0f : x;
}

TARGET INLINE lanes NAME(load_inside)(const NAME(place) *at, size_t start, size_t i, lanes outside, int half) {
    lanes z = NAME(load_tail)(at->logits, start + i, at->end, half);
    return COUNTING + (int32_t)i < (int32_t)at->classes ? z : outside;
}

TARGET INLINE lanes NAME(row_maxima)(const NAME(place) *at, lanes *check, int half) {
    lanes top[LANES];
    for (size_t r = 0; r < LANES; r++) {
        size_t start = NAME(row)(at, r) * at->classes;
        lanes t = -FLT_MAX, c = 0;
        for (size_t i = 0; i < at->classes; i += LANES) {
            c = FMA(NAME(load_inside)(at, start, i, (lanes)0, half), (lanes)0, c);
            t = NAME(larger)(NAME(load_inside)(at, start, i, (lanes)-FLT_MAX, half), t);
        }
        top[r] = t, check[r] = c;
    }
    NAME(largest)(top, NULL, 0);
    return top[0];
}

TARGET INLINE lanes NAME(soft_distances)(
    const NAME(place) *at, const float *targets, lanes inverse, float *kept, size_t stride, int half) {
    lanes check[LANES], rows[LANES], top = NAME(row_maxima)(at, check, half);
    for (size_t r = 0; r < LANES; r++) {
        size_t start = NAME(row)(at, r) * at->classes;
        lanes sum = check[r];
        for (size_t i = 0; i < at->classes; i += LANES) {
            lanes z = NAME(load_inside)(at, start, i, (lanes)-FLT_MAX, half);
            lanes e = NAME(exponential)(NAME(cooled)(z, top[r], inverse));
            e = COUNTING + (int32_t)i < (int32_t)at->classes ? e : (lanes)0;
            memcpy(kept + r * stride + i, &e, sizeof e);
            sum += e;
        }
        rows[r] = sum;
    }
    lanes share = 1.0f / NAME(sums)(rows);
    NAME(place) to = *at;
    to.logits = targets;
    for (size_t r = 0; r < LANES; r++) {
        size_t start = NAME(row)(at, r) * at->classes;
        lanes squares = 0;
        for (size_t i = 0; i < at->classes; i += LANES) {
            lanes e;
            memcpy(&e, kept + r * stride + i, sizeof e);
            lanes difference = e * share[r] - NAME(load_inside)(&to, start, i, (lanes)0, 0);
            squares = FMA(difference, difference, squares);
        }
        rows[r] = squares;
    }
    return __builtin_elementwise_sqrt(NAME(sums)(rows));
}

TARGET static size_t NAME(soft_el2n)(
    const void *logits, int half, const float *targets, size_t rows, size_t classes, float temperature, float *scratch,
    float *values) {
    size_t bad = rows, stride = (classes + LANES - 1) / LANES * LANES;
    for (size_t first = 0; first < rows; first += LANES) {
        size_t count = rows - first < LANES ? rows - first : LANES;
        NAME(place) at = {logits, NULL, first, count, rows * classes, classes};
        lanes inverse = 1.0f / temperature;
        lanes norm = half ? NAME(soft_distances)(&at, targets, inverse, scratch, stride, 1)
                          : NAME(soft_distances)(&at, targets, inverse, scratch, stride, 0);
        NAME(put)(values, &at, norm);
        for (size_t r = 0; r < count; r++)
            if (bad == rows && norm[r] != norm[r]) bad = first + r;
    }
    return bad;
}
