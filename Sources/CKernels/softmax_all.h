// The statistics of all rows, sixteen at a time, included once per instruction set after softmax_few.h.

// Returns the first row with a logit that is not finite, or `rows`.
TARGET INLINE size_t NAME(all_rows)(
    const void *logits, const int32_t *labels, size_t rows, size_t classes, const ck_softmax_records *out, int half,
    int full, int steps) {
    size_t bad = rows, stride = (classes + LANES - 1) / LANES * LANES;
    for (size_t first = 0; first < rows; first += LANES) {
        size_t count = rows - first < LANES ? rows - first : LANES;
        NAME(place) at = {logits, labels, first, count, rows * classes, classes};
        NAME(extremes) extremes;
        NAME(totals) totals;
        lanes check[LANES], kept[LANES], factor, term, change = 0;
        int few = classes <= LANES, known = out->divergence && out->logarithms_known;
        if (few) {
            NAME(few_classes)(&at, &extremes, &totals, kept, half, full);
        } else {
            NAME(find_largest)(&at, check, &extremes, half, full);
            NAME(add_up)(&at, check, extremes.top, &totals, half, full, steps ? out->scratch : NULL, stride);
        }
        NAME(finish)(&at, &extremes, &totals, out, half, full, &factor, &term);
        if (steps) {
            float *logs = out->logarithms + first * stride, *scratch = out->scratch;
            // Without numbers to compare with they are only set: a loop of its own.
            if (few && known) change = NAME(few_steps)(&at, factor, term, kept, logs, 1);
            else if (few) (void)NAME(few_steps)(&at, factor, term, kept, logs, 0);
            else if (known) change = NAME(find_steps)(&at, factor, term, scratch, logs, stride, 1);
            else (void)NAME(find_steps)(&at, factor, term, scratch, logs, stride, 0);
            if (known) NAME(put)(out->divergence, &at, change);
        }
        words broken = totals.sum != totals.sum;
        for (size_t r = 0; bad == rows && __builtin_reduce_or(broken) && r < count; r++) {
            if (broken[r]) bad = first + r;
        }
    }
    return bad;
}

TARGET static size_t NAME(statistics)(
    const void *logits, int half, const int32_t *labels, size_t rows, size_t classes, const ck_softmax_records *out) {
    int full = out->entropy || out->top_margin, steps = out->logarithms != NULL;
    if (full && steps) {
        // Each has its own code, and only one checkpoint of a run needs both.
        ck_softmax_records alone = {.entropy = out->entropy, .top_margin = out->top_margin}, rest = *out;
        rest.entropy = rest.top_margin = NULL;
        NAME(statistics)(logits, half, labels, rows, classes, &alone);
        return NAME(statistics)(logits, half, labels, rows, classes, &rest);
    }
#define CASE(h, f, s) \
    if (half == h && full == f && steps == s) return NAME(all_rows)(logits, labels, rows, classes, out, h, f, s)
#if SPECIALIZES
    CASE(0, 0, 0);
    CASE(1, 0, 0);
    CASE(0, 1, 0);
    CASE(1, 1, 0);
    CASE(0, 0, 1);
    return NAME(all_rows)(logits, labels, rows, classes, out, 1, 0, 1);
#else
    return NAME(all_rows)(logits, labels, rows, classes, out, half, full, steps);
#endif
#undef CASE
}
