// libhdf5 for Swift. HDF5's constants are macros of the form (H5open(), value), which Swift cannot import: one
// `static inline` accessor for each that the HDF5 room uses.
#pragma once
#include <hdf5.h>
