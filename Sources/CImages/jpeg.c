#include "CImages.h"

#include <setjmp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <jpeglib.h>
// After jpeglib.h, which it needs.
#include <jerror.h>

/// More scans than any encoder makes: each of them costs a pass over the whole image.
static const int most_scans = 500;

typedef struct {
  struct jpeg_error_mgr base;
  jmp_buf back;
  char *message;
} failure;

__attribute__((noreturn)) static void give_up(failure *f, const char *text) {
  strncpy(f->message, text, ASSAY_IMAGE_MESSAGE - 1);
  f->message[ASSAY_IMAGE_MESSAGE - 1] = 0;
  longjmp(f->back, 1);
}

static void on_error(j_common_ptr jpeg) {
  char text[JMSG_LENGTH_MAX];
  jpeg->err->format_message(jpeg, text);
  give_up((failure *)jpeg->err, text);
}

/// libjpeg fills what it cannot read with grey and goes on; bytes between markers, its other warning, lose nothing.
static void on_message(j_common_ptr jpeg, int level) {
  if (level >= 0) return;
  const int code = jpeg->err->msg_code;
  if (code == JWRN_JPEG_EOF) give_up((failure *)jpeg->err, "the file ends too early");
  if (code == JWRN_HIT_MARKER || code == JWRN_HUFF_BAD_CODE) give_up((failure *)jpeg->err, "its data are damaged");
}

static void on_scan(j_common_ptr jpeg) {
  if (jpeg->is_decompressor && ((j_decompress_ptr)jpeg)->input_scan_number > most_scans)
    give_up((failure *)jpeg->err, "more scans than an image has");
}

static struct jpeg_error_mgr *report_to(failure *f, char *message) {
  message[0] = 0;
  f->message = message;
  jpeg_std_error(&f->base);
  f->base.error_exit = on_error;
  f->base.emit_message = on_message;
  return &f->base;
}

/// a · b / 255, rounded.
static uint8_t scaled(unsigned a, unsigned b) {
  const unsigned product = a * b + 128;
  return (uint8_t)(((product >> 8) + product) >> 8);
}

/// One row of inverted CMYK as RGB.
static void convert_cmyk(const uint8_t *from, uint8_t *to, uint32_t width) {
  for (size_t i = 0; i < width; i++) {
    const uint8_t light = from[4 * i + 3];
    for (int c = 0; c < 3; c++) to[3 * i + c] = (uint8_t)(light - scaled(255u - from[4 * i + c], light));
  }
}

/// The scan lines of a started image.
static void read_lines(j_decompress_ptr jpeg, uint8_t *to, int channels) {
  const size_t stride = (size_t)jpeg->output_width * channels;
  JSAMPARRAY line = NULL;
  if (jpeg->out_color_space == JCS_CMYK)
    line = jpeg->mem->alloc_sarray((j_common_ptr)jpeg, JPOOL_IMAGE, jpeg->output_width * 4, 1);
  while (jpeg->output_scanline < jpeg->output_height) {
    JSAMPROW row = to + jpeg->output_scanline * stride;
    if (line) {
      jpeg_read_scanlines(jpeg, line, 1);
      convert_cmyk(line[0], row, jpeg->output_width);
    } else {
      jpeg_read_scanlines(jpeg, &row, 1);
    }
  }
}

/// `channels` is what is wanted: 1 (grey) or 3 (RGB).
static int decode(
    const uint8_t *bytes, size_t count, assay_image_header *header, uint8_t *pixels, int channels, char *message) {
  struct jpeg_decompress_struct jpeg;
  struct jpeg_progress_mgr progress = {.progress_monitor = on_scan};
  failure f;
  jpeg.err = report_to(&f, message);
  // Nothing that is read after a jump is changed after this but `jpeg`, whose address libjpeg has.
  if (setjmp(f.back)) {
    jpeg_destroy_decompress(&jpeg);
    return 1;
  }
  jpeg_create_decompress(&jpeg);
  jpeg.progress = &progress;
  jpeg_mem_src(&jpeg, bytes, count);
  jpeg_read_header(&jpeg, TRUE);
  header->width = jpeg.image_width;
  header->height = jpeg.image_height;
  header->packed = 0;
  if (pixels) {
    switch (jpeg.num_components) {
    case 1:
    case 3: jpeg.out_color_space = channels == 1 ? JCS_GRAYSCALE : JCS_RGB; break;
    case 4: jpeg.out_color_space = JCS_CMYK; break;
    default: give_up(&f, "neither grey nor colour nor CMYK");
    }
    jpeg_start_decompress(&jpeg);
    read_lines(&jpeg, pixels, channels);
    jpeg_finish_decompress(&jpeg);
  }
  jpeg_destroy_decompress(&jpeg);
  return 0;
}

int assay_jpeg_read(
    const uint8_t *bytes, size_t count, assay_image_header *header, uint8_t *rgb, char message[ASSAY_IMAGE_MESSAGE]) {
  return decode(bytes, count, header, rgb, 3, message);
}

/// The caller frees `*bytes` whatever is returned.
static int encode(
    const uint8_t *pixels, uint32_t width, uint32_t height, int channels, int quality, unsigned char **bytes,
    unsigned long *count, char *message) {
  struct jpeg_compress_struct jpeg;
  failure f;
  jpeg.err = report_to(&f, message);
  if (setjmp(f.back)) {
    jpeg_destroy_compress(&jpeg);
    return 1;
  }
  jpeg_create_compress(&jpeg);
  jpeg_mem_dest(&jpeg, bytes, count);
  jpeg.image_width = width;
  jpeg.image_height = height;
  jpeg.input_components = channels;
  jpeg.in_color_space = channels == 1 ? JCS_GRAYSCALE : JCS_RGB;
  jpeg_set_defaults(&jpeg);
  jpeg_set_quality(&jpeg, quality, TRUE);
  jpeg_start_compress(&jpeg, TRUE);
  while (jpeg.next_scanline < height) {
    JSAMPROW row = (JSAMPROW)(pixels + (size_t)jpeg.next_scanline * width * channels);
    jpeg_write_scanlines(&jpeg, &row, 1);
  }
  jpeg_finish_compress(&jpeg);
  jpeg_destroy_compress(&jpeg);
  return 0;
}

int assay_jpeg_roundtrip(
    uint8_t *pixels, uint32_t width, uint32_t height, int channels, int quality, char message[ASSAY_IMAGE_MESSAGE]) {
  unsigned char *bytes = NULL;
  unsigned long count = 0;
  assay_image_header header;
  int failed = encode(pixels, width, height, channels, quality, &bytes, &count, message);
  if (!failed) failed = decode(bytes, count, &header, pixels, channels, message);
  free(bytes);
  return failed;
}
