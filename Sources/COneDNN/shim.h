// oneDNN's C API, and the one OpenMP call that keeps it on the calling thread.
#pragma once
#include <dnnl.h>

// libgomp's header is not on clang's search path; the symbol is part of the OpenMP ABI.
extern void omp_set_num_threads(int);
