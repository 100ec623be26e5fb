// The room Distillation.
