// oneDNN's C API, and the calls of OpenMP that keep it on the calling thread and run several such threads.
#pragma once
#include <dnnl.h>

// libgomp's header is not on clang's search path; the symbols are part of the OpenMP ABI.
extern void omp_set_num_threads(int);
extern int omp_get_num_threads(void);
extern int omp_get_thread_num(void);
// `#pragma omp parallel num_threads(threads)` around body(context), as GCC compiles it since 4.9.
extern void GOMP_parallel(void (*body)(void *), void *context, unsigned threads, unsigned flags);
