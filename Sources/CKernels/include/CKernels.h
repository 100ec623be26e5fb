// The few innermost loops. Each has a portable twin, and is chosen once at run time by what the processor can do.
#pragma once
#include <stddef.h>
#include <stdint.h>

#include "coverage.h"
#include "augmentation.h"
#include "affine.h"
#include "dynamics.h"
#include "half.h"
#include "softmax.h"
#include "training.h"
