// The statistics of sixteen rows of logits, included once per instruction set after softmax_lanes.h. Three passes over
// rows that stay in the cache: the largest of the other classes, the sums relative to it, and, where the step from the
// checkpoint before is asked for, the probabilities themselves.
//
// m is the largest logit of the classes other than the label's, and e = exp(z − m) over those classes alone: so nothing
// is subtracted from 1, and nothing is squared but numbers of which the largest is 1. `full` adds what only the entropy
// and the two largest probabilities need; the numbers of both have the same bits.

// What one pass leaves of sixteen rows, lane r of each being row r.
typedef struct {
    lanes top, second, own;  // m; the next of the other classes, which may equal it; the label's logit
} NAME(extremes);

typedef struct {
    lanes sum, squares;     // Σe, Σe²
    lanes below, weighted;  // Σe where z < m; Σe(z − m)
} NAME(totals);

// Where sixteen rows lie.
typedef struct {
    const void *logits;
    const int32_t *labels;
    size_t first, count, end, classes;  // the first row and how many, at most 16; all logits; C
} NAME(place);

TARGET INLINE size_t NAME(row)(const NAME(place) *at, size_t r) {
    return at->first + (r < at->count ? r : at->count - 1);
}

// Brings what the next sixteen rows have in this place, while these are computed. Behind the block it does nothing.
TARGET INLINE void NAME(fetch_next)(const NAME(place) *at, size_t index, int half) {
    __builtin_prefetch((const void *)((uintptr_t)at->logits + (index + LANES * at->classes) * (half ? 2 : 4)));
}

TARGET INLINE void NAME(raise)(lanes z, words others, lanes *top, lanes *second, int full) {
    lanes other = others ? z : (lanes)-FLT_MAX;
    if (full) *second = NAME(larger)(NAME(smaller)(*top, other), *second);
    *top = NAME(larger)(other, *top);
}

// A row's check is 0 in every lane, or NaN where a logit is not finite; its sum begins with it.
TARGET INLINE void NAME(find_largest)(
    const NAME(place) *at, lanes *check, NAME(extremes) *found, int half, int full) {
    size_t classes = at->classes, whole = classes / LANES * LANES;
    lanes top[LANES], second[LANES];
    uint32_t own[LANES] = {0};
    for (size_t r = 0; r < LANES; r++) {
        size_t row = NAME(row)(at, r), start = row * classes;
        words label = at->labels[row], index = COUNTING;
        lanes t = -FLT_MAX, s = -FLT_MAX, c = 0;
        for (size_t i = 0; i < whole; i += LANES, index += LANES) {
            lanes z = NAME(load)(at->logits, start + i, half);
            c = FMA(z, (lanes)0, c);
            NAME(raise)(z, index != label, &t, &s, full);
        }
        if (whole < classes) {
            lanes z = NAME(load_tail)(at->logits, start + whole, at->end, half);
            words inside = index < (int32_t)classes;
            c = FMA(inside ? z : (lanes)0, (lanes)0, c);
            NAME(raise)(z, inside & (index != label), &t, &s, full);
        }
        top[r] = t, second[r] = s, check[r] = c;
        size_t label_at = start + (size_t)at->labels[row];
        if (half) ((uint16_t *)own)[r] = ((const uint16_t *)at->logits)[label_at];
        else memcpy(own + r, (const float *)at->logits + label_at, sizeof *own);
    }
    NAME(largest)(top, second, full);
    found->top = top[0], found->second = second[0];
    found->own = NAME(load)(own, 0, half);
}

TARGET INLINE lanes NAME(add)(lanes z, lanes m, words others, NAME(totals) *t, int full) {
    lanes x = z - m;
    x = x < -87.0f ? (lanes)-87.0f : x;  // exp(−87) is the last that is a normal number
    lanes e = NAME(exponential)(x);
    lanes other = others ? e : (lanes)0;
    t->sum += other;
    t->squares = FMA(other, other, t->squares);
    if (full) {
        words smaller = others & (x < 0.0f);
        t->below = smaller ? t->below + e : t->below;
        t->weighted = smaller ? FMA(e, x, t->weighted) : t->weighted;
    }
    return e;
}

// kept: where e of every class is put, sixteen rows of `stride`, or null.
TARGET INLINE void NAME(add_up)(
    const NAME(place) *at, const lanes *check, lanes top, NAME(totals) *sums, int half, int full, float *kept,
    size_t stride) {
    size_t classes = at->classes, whole = classes / LANES * LANES;
    lanes sum[LANES], squares[LANES], below[LANES], weighted[LANES];
    float tops[LANES];
    memcpy(tops, &top, sizeof tops);
    for (size_t r = 0; r < LANES; r++) {
        size_t row = NAME(row)(at, r), start = row * classes;
        words label = at->labels[row], index = COUNTING;
        lanes m = tops[r];
        // The squares begin with a number that vanishes beside the largest, 1: one below the normal range is slow.
        NAME(totals) t = {check[r], 0x1p-100f, 0, 0};
        for (size_t i = 0; i < whole; i += LANES, index += LANES) {
            NAME(fetch_next)(at, start + i, half);
            lanes e = NAME(add)(NAME(load)(at->logits, start + i, half), m, index != label, &t, full);
            if (kept) memcpy(kept + r * stride + i, &e, sizeof e);
        }
        if (whole < classes) {
            lanes z = NAME(load_tail)(at->logits, start + whole, at->end, half);
            words inside = index < (int32_t)classes;
            lanes e = NAME(add)(inside ? z : m, m, inside & (index != label), &t, full);
            e = inside ? e : (lanes)0;
            if (kept) memcpy(kept + r * stride + whole, &e, sizeof e);
        }
        sum[r] = t.sum, squares[r] = t.squares, below[r] = t.below, weighted[r] = t.weighted;
    }
    sums->sum = NAME(sums)(sum);
    sums->squares = NAME(sums)(squares);
    if (full) sums->below = NAME(sums)(below), sums->weighted = NAME(sums)(weighted);
}

TARGET INLINE void NAME(put)(float *values, const NAME(place) *at, lanes x) {
    if (at->count == LANES) memcpy(values + at->first, &x, sizeof x);
    else memcpy(values + at->first, &x, at->count * sizeof(float));
}

// Whether the label is the first of the largest logits, as argmax has it: asked where it ties with another.
TARGET INLINE words NAME(wins_ties)(const NAME(place) *at, words ties, lanes own, int half) {
    int32_t wins[LANES];
    float z[LANES];
    memcpy(z, &own, sizeof z);
    for (size_t r = 0; r < LANES; r++) {
        wins[r] = ties[r];
        size_t row = NAME(row)(at, r), start = row * at->classes, label = (size_t)at->labels[row];
        for (size_t i = 0; wins[r] && i < label; i += LANES) {
            lanes before = NAME(load_tail)(at->logits, start + i, at->end, half);
            words equal = (before == z[r]) & (COUNTING + (int32_t)i < (int32_t)label);
            if (__builtin_reduce_or(equal)) wins[r] = 0;
        }
    }
    words result;
    memcpy(&result, wins, sizeof result);
    return result;
}

// Everything that is made of the sums. Lane r of `factor` becomes what makes e a probability, of `term` the label's e.
TARGET INLINE void NAME(finish)(
    const NAME(place) *at, const NAME(extremes) *x, const NAME(totals) *t, const ck_softmax_records *out, int half,
    int full, lanes *factor, lanes *term) {
    lanes lead = x->own - x->top;
    lead = lead > FLT_MAX ? (lanes)FLT_MAX : lead < -FLT_MAX ? (lanes)-FLT_MAX : lead;
    words ahead = lead > 0.0f;
    lanes distance = ahead ? -lead : lead;  // ≤ 0, NaN stays
    distance = distance < -87.0f ? (lanes)-87.0f : distance;
    lanes e = NAME(exponential)(distance);
    // Relative to the larger of m and the label's logit: the others times `scale`, and the label's own.
    lanes scale = ahead ? e : (lanes)1.0f, own = ahead ? (lanes)1.0f : e;
    lanes others = t->sum * scale;
    lanes inverse = 1.0f / (others + own);
    lanes bounded = scale < 1e-34f ? (lanes)1e-34f : scale;  // so that the label's e stays far from overflow
    *factor = bounded * inverse;
    *term = own / bounded;
    if (out->el2n) {
        lanes norm = __builtin_elementwise_sqrt(FMA(t->sum, t->sum, t->squares));
        NAME(put)(out->el2n, at, norm * scale * inverse);
    }
    if (out->el1) NAME(put)(out->el1, at, 2.0f * (others * inverse));
    if (out->target_probability) NAME(put)(out->target_probability, at, own * inverse);
    if (out->logit_margin) NAME(put)(out->logit_margin, at, lead);
    if (out->top_probability) NAME(put)(out->top_probability, at, (ahead ? own : scale) * inverse);
    if (out->probability_margin) {
        lanes margin = NAME(complement)(distance) * inverse;
        NAME(put)(out->probability_margin, at, ahead ? margin : -margin);
    }
    if (out->correct) {
        words ties = lead == 0.0f;
        if (__builtin_reduce_or(ties)) ties = NAME(wins_ties)(at, ties, x->own, half);
        NAME(put)(out->correct, at, (ahead | ties) ? (lanes)1.0f : (lanes)0.0f);
    }
    if (out->loss) {
        lanes u = ahead ? others : (t->sum - 1.0f) + own;
        lanes loss = NAME(logarithm1p)(u, inverse);
        NAME(put)(out->loss, at, ahead ? loss : loss - lead);
    }
    if (!full) return;
    if (out->entropy) {
        // Where the sum's largest term, 1, may have swallowed the others, they are counted apart.
        lanes rest = t->sum < 1.5f ? t->below : t->sum - 1.0f;
        lanes u = ahead ? others : rest + own;
        lanes mean = ahead ? FMA(t->sum, distance, t->weighted) * scale : FMA(own, distance, t->weighted);
        NAME(put)(out->entropy, at, FMA(-mean, inverse, NAME(logarithm1p)(u, inverse)));
    }
    if (out->top_margin) {
        lanes next = x->second - x->top;
        next = next < -87.0f ? (lanes)-87.0f : next;
        lanes gap = (ahead | (distance > next)) ? distance : next;
        NAME(put)(out->top_margin, at, NAME(complement)(gap) * inverse);
    }
}

// Σ_c |p (ln(p + 10⁻⁸) − ln(p' + 10⁻⁸))|, p' being the checkpoint before, whose logarithms are replaced by p's; without
// `known` they are only set. `own` is the label's e.
TARGET INLINE lanes NAME(find_steps)(
    const NAME(place) *at, lanes factor, lanes own, float *kept, float *logs, size_t stride, int known) {
    float factors[LANES], owns[LANES];
    memcpy(factors, &factor, sizeof factors);
    memcpy(owns, &own, sizeof owns);
    lanes totals[LANES];
    for (size_t r = 0; r < LANES; r++) {
        totals[r] = 0;
        if (r < at->count) kept[r * stride + (size_t)at->labels[at->first + r]] = owns[r];
    }
    for (size_t r = 0; r < at->count; r++, kept += stride, logs += stride) {
        lanes total = 0, scale = factors[r];
        for (size_t i = 0; i < stride; i += LANES) {
            lanes e = NAME(load)(kept, i, 0), now = NAME(rough_logarithm)(FMA(e, scale, (lanes)1e-8f));
            if (known) total = FMA(e, __builtin_elementwise_abs(now - NAME(load)(logs, i, 0)), total);
            memcpy(logs + i, &now, sizeof now);
        }
        totals[r] = total;
    }
    return known ? factor * NAME(sums)(totals) : factor;
}
