#include "CImages.h"

#include <png.h>
#include <string.h>

/// Ancillary chunks (text, profiles) are not used: they may not take more than this.
static const size_t most_chunk_bytes = 1 << 23;

typedef struct {
  const uint8_t *bytes;
  size_t count;
  size_t at;
} source;

static void take(png_structp png, png_bytep to, png_size_t wanted) {
  source *from = png_get_io_ptr(png);
  if (wanted > from->count - from->at) png_error(png, "the file ends too early");
  memcpy(to, from->bytes + from->at, wanted);
  from->at += wanted;
}

static void on_error(png_structp png, png_const_charp text) {
  char *message = png_get_error_ptr(png);
  strncpy(message, text, ASSAY_IMAGE_MESSAGE - 1);
  message[ASSAY_IMAGE_MESSAGE - 1] = 0;
  png_longjmp(png, 1);
}

/// Warnings are of chunks that are not used.
static void on_warning(png_structp png, png_const_charp text) {
  (void)png;
  (void)text;
}

/// 16-bit grey at the start of a row as RGB, from the back, so that no value is overwritten before it is read.
static void spread_grey16(uint8_t *row, uint32_t width) {
  for (size_t i = width; i-- > 0;) {
    const uint8_t value = row[2 * i] ? 255 : row[2 * i + 1];
    row[3 * i] = row[3 * i + 1] = row[3 * i + 2] = value;
  }
}

int assay_png_read(
    const uint8_t *bytes, size_t count, assay_image_header *header, uint8_t *rgb, char message[ASSAY_IMAGE_MESSAGE]) {
  message[0] = 0;
  source from = {bytes, count, 0};
  png_structp png = png_create_read_struct(PNG_LIBPNG_VER_STRING, message, on_error, on_warning);
  png_infop info = png ? png_create_info_struct(png) : NULL;
  if (!info) {
    png_destroy_read_struct(&png, NULL, NULL);
    strcpy(message, "no memory");
    return 1;
  }
  // Nothing that is read after a jump is changed after this.
  if (setjmp(png_jmpbuf(png))) {
    png_destroy_read_struct(&png, &info, NULL);
    return 1;
  }
  png_set_read_fn(png, &from, take);
  png_set_chunk_malloc_max(png, most_chunk_bytes);
  png_set_chunk_cache_max(png, 128);
  png_read_info(png, info);

  const uint32_t width = png_get_image_width(png, info), height = png_get_image_height(png, info);
  const int depth = png_get_bit_depth(png, info), colour = png_get_color_type(png, info);
  header->width = width;
  header->height = height;
  header->packed = (uint64_t)height * (png_get_rowbytes(png, info) + 1);
  if (rgb) {
    const int is_grey16 = depth == 16 && colour == PNG_COLOR_TYPE_GRAY;
    if (!is_grey16) {
      if (depth == 16) png_set_strip_16(png);
      if (colour == PNG_COLOR_TYPE_PALETTE) png_set_palette_to_rgb(png);
      if (colour == PNG_COLOR_TYPE_GRAY && depth < 8) png_set_expand_gray_1_2_4_to_8(png);
      if (!(colour & PNG_COLOR_MASK_COLOR)) png_set_gray_to_rgb(png);
      png_set_strip_alpha(png);
    }
    const int passes = png_set_interlace_handling(png);
    png_read_update_info(png, info);
    if (png_get_rowbytes(png, info) != (size_t)width * (is_grey16 ? 2 : 3)) png_error(png, "an unknown kind of pixels");
    for (int pass = 0; pass < passes; pass++)
      for (uint32_t y = 0; y < height; y++) png_read_row(png, rgb + (size_t)y * width * 3, NULL);
    if (is_grey16)
      for (uint32_t y = 0; y < height; y++) spread_grey16(rgb + (size_t)y * width * 3, width);
    png_read_end(png, NULL);
  }
  png_destroy_read_struct(&png, &info, NULL);
  return 0;
}
