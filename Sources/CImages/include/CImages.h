// PNG and JPEG in memory, through libpng and libjpeg-turbo.
//
// Both libraries report errors with longjmp, which must not cross a Swift frame: every jump starts and ends in this
// target, and none of their types appears here.
#pragma once
#include <stddef.h>
#include <stdint.h>

/// Room for a message of an error, the closing zero byte included.
enum { ASSAY_IMAGE_MESSAGE = 256 };

/// What a header declares.
typedef struct {
  uint32_t width;
  uint32_t height;
  /// Bytes that the pixels take before compression; 0 where the format sets no bound (JPEG).
  uint64_t packed;
} assay_image_header;

/// Reads the header, and where `rgb` is not NULL the pixels as 8-bit RGB [height, width, 3], what Pillow's
/// `convert("RGB")` gives: palettes looked up, grey repeated, alpha dropped, the upper byte of 16-bit colour, 16-bit
/// grey clipped to 255.
///
/// Returns 0; otherwise `message` says what is wrong. `rgb` has room for the header read before.
int assay_png_read(
    const uint8_t *bytes, size_t count, assay_image_header *header, uint8_t *rgb, char message[ASSAY_IMAGE_MESSAGE]);

/// The same of JPEG; CMYK and YCCK are converted as Pillow does, Adobe's inversion assumed. EXIF is not looked at.
int assay_jpeg_read(
    const uint8_t *bytes, size_t count, assay_image_header *header, uint8_t *rgb, char message[ASSAY_IMAGE_MESSAGE]);

/// Encodes [height, width, channels] of 1 (grey) or 3 (RGB) channels at a quality of 1…100 with 4:2:0 chroma, and decodes
/// it again in place.
///
/// Returns 0; otherwise `message` says what is wrong.
int assay_jpeg_roundtrip(
    uint8_t *pixels, uint32_t width, uint32_t height, int channels, int quality, char message[ASSAY_IMAGE_MESSAGE]);
