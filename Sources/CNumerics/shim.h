// OpenBLAS, LAPACKE and GSL in one module. Both OpenBLAS and GSL define the CBLAS enums: OpenBLAS's header is read
// first and GSL's own is kept out. Never link gslcblas: its reference BLAS can win the cblas_* symbols.
#pragma once
#include <cblas.h>
#define __GSL_CBLAS_H__
#include <lapacke.h>
#include <gsl/gsl_blas.h>
#include <gsl/gsl_cdf.h>
#include <gsl/gsl_errno.h>
#include <gsl/gsl_linalg.h>
#include <gsl/gsl_multifit_nlinear.h>
#include <gsl/gsl_sf.h>

// GSL's algorithm descriptors are mutable globals, which Swift 6 refuses: one accessor each.
static inline const gsl_multifit_nlinear_type *assay_nlinear_trust(void) { return gsl_multifit_nlinear_trust; }
static inline const gsl_multifit_nlinear_trs *assay_nlinear_lm(void) { return gsl_multifit_nlinear_trs_lm; }
static inline const gsl_multifit_nlinear_trs *assay_nlinear_lmaccel(void) { return gsl_multifit_nlinear_trs_lmaccel; }
static inline const gsl_multifit_nlinear_trs *assay_nlinear_dogleg(void) { return gsl_multifit_nlinear_trs_dogleg; }
static inline const gsl_multifit_nlinear_scale *assay_nlinear_more(void) { return gsl_multifit_nlinear_scale_more; }
static inline const gsl_multifit_nlinear_solver *assay_nlinear_qr(void) { return gsl_multifit_nlinear_solver_qr; }
