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
