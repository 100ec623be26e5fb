// The room RunStore.
