// zlib and libzip for Swift.
#pragma once
#include <zip.h>
#include <zlib.h>
