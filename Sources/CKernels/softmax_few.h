// Sixteen rows of at most sixteen classes, included once per instruction set after softmax_rows.h: turned round, so
// that a lane is a row and nothing need be folded. The sums have the order of softmax_rows.h.

// Lane r of the new rows[c] is lane c of the old rows[r].
TARGET INLINE void NAME(transpose)(lanes *rows) {
#define EXCHANGE(low, high, half)                                                  \
    for (int i = 0; i < LANES; i++) {                                              \
        if (i & half) continue;                                                    \
        lanes a = rows[i], b = rows[i + half];                                     \
        rows[i] = low(a, b), rows[i + half] = high(a, b);                          \
    }
    EXCHANGE(EVEN8, ODD8, 8)
    EXCHANGE(EVEN4, ODD4, 4)
    EXCHANGE(EVEN2, ODD2, 2)
    EXCHANGE(EVEN1, ODD1, 1)
#undef EXCHANGE
}

// The sum of sixteen vectors in the order in which `sums` folds sixteen lanes.
TARGET INLINE lanes NAME(tree)(const lanes *x) {
    lanes half[8], quarter[4];
    for (int c = 0; c < 8; c++) half[c] = x[c] + x[c + 8];
    for (int c = 0; c < 4; c++) quarter[c] = half[c] + half[c + 4];
    return (quarter[0] + quarter[2]) + (quarter[1] + quarter[3]);
}

// kept: where e of every class is put, sixteen vectors.
TARGET INLINE void NAME(few_classes)(
    const NAME(place) *at, NAME(extremes) *found, NAME(totals) *sums, lanes *kept, int half, int full) {
    int32_t classes = (int32_t)at->classes;
    lanes z[LANES], check = 0, top = -FLT_MAX, second = -FLT_MAX;
    int32_t label[LANES];
    for (size_t r = 0; r < LANES; r++) {
        size_t row = NAME(row)(at, r);
        z[r] = NAME(load_tail)(at->logits, row * at->classes, at->end, half);
        NAME(fetch_next)(at, row * at->classes, half);
        label[r] = at->labels[row];
    }
    NAME(transpose)(z);
    words labels;
    memcpy(&labels, label, sizeof labels);
    lanes mine = 0;
    for (int32_t c = 0; c < classes; c++) {
        words others = labels != c;
        check = FMA(z[c], (lanes)0, check);
        mine = others ? mine : z[c];
        NAME(raise)(z[c], others, &top, &second, full);
    }
    found->top = top, found->second = second, found->own = mine;
    lanes sum[LANES], squares[LANES], below[LANES], weighted[LANES];
    for (int32_t c = 0; c < LANES; c++) {
        NAME(totals) t = {0, 0x1p-100f, 0, 0};
        if (c < classes) kept[c] = NAME(add)(z[c], top, labels != c, &t, full);
        sum[c] = t.sum, squares[c] = t.squares, below[c] = t.below, weighted[c] = t.weighted;
    }
    sums->sum = NAME(tree)(sum) + check;
    sums->squares = NAME(tree)(squares);
    if (full) sums->below = NAME(tree)(below), sums->weighted = NAME(tree)(weighted);
}

// `find_steps` for rows turned round: the logarithms of sixteen rows are [C, 16].
TARGET INLINE lanes NAME(few_steps)(
    const NAME(place) *at, lanes factor, lanes own, const lanes *kept, float *logs, int known) {
    int32_t label[LANES];
    for (size_t r = 0; r < LANES; r++) label[r] = at->labels[NAME(row)(at, r)];
    words labels;
    memcpy(&labels, label, sizeof labels);
    lanes total = 0;
    for (int32_t c = 0; c < (int32_t)at->classes; c++, logs += LANES) {
        lanes e = labels == c ? own : kept[c], now = NAME(rough_logarithm)(FMA(e, factor, (lanes)1e-8f));
        if (known) total = FMA(e, __builtin_elementwise_abs(now - NAME(load)(logs, 0, 0)), total);
        memcpy(logs, &now, sizeof now);
    }
    return factor * total;
}
