// libhdf5 for Swift. HDF5's constants are macros of the form (H5open(), value), which Swift cannot import: one
// `static inline` accessor for each that the HDF5 room uses.
#pragma once
#include <hdf5.h>
#include <stdint.h>

// Automatic printing is a property of each thread in the thread-safe build.
static inline void chdf5_quiet(void) {
    static __thread int quiet = 0;
    if (!quiet) {
        H5Eset_auto2(H5E_DEFAULT, NULL, NULL);
        quiet = 1;
    }
}

static inline hid_t chdf5_default_plist(void) { return H5P_DEFAULT; }
static inline hid_t chdf5_default_estack(void) { return H5E_DEFAULT; }
static inline hid_t chdf5_all(void) { return H5S_ALL; }
static inline unsigned chdf5_read_only(void) { return H5F_ACC_RDONLY; }
static inline unsigned chdf5_read_write(void) { return H5F_ACC_RDWR; }
static inline unsigned chdf5_truncate(void) { return H5F_ACC_TRUNC; }

static inline hid_t chdf5_class_file_create(void) { return H5P_FILE_CREATE; }
static inline hid_t chdf5_class_file_access(void) { return H5P_FILE_ACCESS; }
static inline hid_t chdf5_class_group_create(void) { return H5P_GROUP_CREATE; }
static inline hid_t chdf5_class_dataset_create(void) { return H5P_DATASET_CREATE; }
static inline hid_t chdf5_class_dataset_access(void) { return H5P_DATASET_ACCESS; }

// Native memory types by size; they live as long as the library and must not be closed.
static inline hid_t chdf5_native_integer(int bytes, int isSigned) {
    switch (bytes) {
    case 1: return isSigned ? H5T_NATIVE_INT8 : H5T_NATIVE_UINT8;
    case 2: return isSigned ? H5T_NATIVE_INT16 : H5T_NATIVE_UINT16;
    case 4: return isSigned ? H5T_NATIVE_INT32 : H5T_NATIVE_UINT32;
    default: return isSigned ? H5T_NATIVE_INT64 : H5T_NATIVE_UINT64;
    }
}
static inline hid_t chdf5_native_float(int bytes) { return bytes == 4 ? H5T_NATIVE_FLOAT : H5T_NATIVE_DOUBLE; }

// Little-endian file types by size.
static inline hid_t chdf5_file_integer(int bytes, int isSigned) {
    switch (bytes) {
    case 1: return isSigned ? H5T_STD_I8LE : H5T_STD_U8LE;
    case 2: return isSigned ? H5T_STD_I16LE : H5T_STD_U16LE;
    case 4: return isSigned ? H5T_STD_I32LE : H5T_STD_U32LE;
    default: return isSigned ? H5T_STD_I64LE : H5T_STD_U64LE;
    }
}
static inline hid_t chdf5_file_float(int bytes) { return bytes == 4 ? H5T_IEEE_F32LE : H5T_IEEE_F64LE; }

// IEEE half, which HDF5 1.10 does not predefine; the layout that h5py gives NumPy's float16. To be closed.
static inline hid_t chdf5_make_half(void) {
    hid_t type = H5Tcopy(H5T_IEEE_F32LE);
    if (type < 0) return type;
    if (H5Tset_fields(type, 15, 10, 5, 0, 10) < 0 || H5Tset_size(type, 2) < 0 || H5Tset_ebias(type, 15) < 0) {
        H5Tclose(type);
        return -1;
    }
    return type;
}

// A string of variable length in UTF-8. To be closed.
static inline hid_t chdf5_make_string(void) {
    hid_t type = H5Tcopy(H5T_C_S1);
    if (type < 0) return type;
    if (H5Tset_size(type, H5T_VARIABLE) < 0 || H5Tset_cset(type, H5T_CSET_UTF8) < 0) {
        H5Tclose(type);
        return -1;
    }
    return type;
}

static inline int chdf5_is_variable_string(hid_t type) { return H5Tis_variable_str(type) > 0; }
