/* What is called of the libraries that are loaded late (late.h). Whoever calls one has asked late_load() before. */
#ifndef REVIEWD_RECORDS_LATE_FUNCTIONS_H
#define REVIEWD_RECORDS_LATE_FUNCTIONS_H

#include "reviewd/late.h"

#include <archive.h>
#include <archive_entry.h>
#include <cairo-pdf.h>
#include <glib.h>
#include <pango/pangocairo.h>
#include <xlsxwriter.h>

/* One list for the struct and for what fills it, so that no name is in one and not in the other; the types are those of
 * the libraries' own headers. */
/* clang-format off */
#define LATE_PDF(F)                                                                                                    \
    F(cairo_create) F(cairo_destroy) F(cairo_fill) F(cairo_font_options_create) F(cairo_font_options_destroy)          \
    F(cairo_font_options_set_hint_metrics) F(cairo_font_options_set_hint_style) F(cairo_move_to)                       \
    F(cairo_pdf_surface_add_outline) F(cairo_pdf_surface_create_for_stream) F(cairo_pdf_surface_set_metadata)          \
    F(cairo_rectangle) F(cairo_rel_line_to) F(cairo_restore) F(cairo_rotate) F(cairo_save) F(cairo_set_dash)           \
    F(cairo_set_line_width) F(cairo_set_source_rgb) F(cairo_show_page) F(cairo_status) F(cairo_stroke)                 \
    F(cairo_surface_destroy) F(cairo_surface_finish) F(cairo_surface_status) F(cairo_tag_begin) F(cairo_tag_end)       \
    F(cairo_translate) F(cairo_version_string) F(g_free) F(g_object_unref) F(g_utf8_normalize)                         \
    F(pango_attr_family_new) F(pango_attr_list_insert) F(pango_attr_list_new) F(pango_attr_list_unref)                 \
    F(pango_attr_style_new) F(pango_attr_weight_new) F(pango_cairo_context_set_font_options)                           \
    F(pango_cairo_context_set_resolution) F(pango_cairo_font_map_get_default) F(pango_cairo_layout_path)               \
    F(pango_cairo_show_layout) F(pango_cairo_show_layout_line) F(pango_context_set_language)                           \
    F(pango_context_set_round_glyph_positions) F(pango_font_description_free) F(pango_font_description_from_string)    \
    F(pango_font_description_new) F(pango_font_description_set_absolute_size)                                          \
    F(pango_font_description_set_family_static) F(pango_font_description_set_weight) F(pango_font_map_create_context)  \
    F(pango_language_from_string) F(pango_layout_get_extents) F(pango_layout_get_iter) F(pango_layout_get_line_count)  \
    F(pango_layout_iter_free) F(pango_layout_iter_get_baseline) F(pango_layout_iter_get_line_extents)                  \
    F(pango_layout_iter_get_line_readonly) F(pango_layout_iter_next_line) F(pango_layout_new)                          \
    F(pango_layout_set_alignment) F(pango_layout_set_attributes) F(pango_layout_set_auto_dir)                          \
    F(pango_layout_set_ellipsize) F(pango_layout_set_font_description) F(pango_layout_set_single_paragraph_mode)       \
    F(pango_layout_set_text) F(pango_layout_set_width) F(pango_layout_set_wrap) F(pango_version_string)
#define LATE_SHEET(F)                                                                                                  \
    F(format_set_bold) F(format_set_num_format) F(lxw_version) F(lxw_workbook_free) F(workbook_add_format)             \
    F(workbook_add_worksheet) F(workbook_close) F(workbook_new_opt) F(workbook_set_properties)                         \
    F(worksheet_autofilter) F(worksheet_freeze_panes) F(worksheet_set_column) F(worksheet_write_number)                \
    F(worksheet_write_string)
#define LATE_ZIP(F)                                                                                                    \
    F(archive_entry_clear) F(archive_entry_filetype) F(archive_entry_free) F(archive_entry_new)                        \
    F(archive_entry_pathname) F(archive_entry_set_filetype) F(archive_entry_set_mtime) F(archive_entry_set_pathname)   \
    F(archive_entry_set_perm) F(archive_entry_set_size) F(archive_error_string) F(archive_read_data)                   \
    F(archive_read_free) F(archive_read_new) F(archive_read_next_header) F(archive_read_open_filename)                 \
    F(archive_read_support_format_zip_seekable) F(archive_version_string) F(archive_write_close)                       \
    F(archive_write_data) F(archive_write_free) F(archive_write_header) F(archive_write_new) F(archive_write_open)     \
    F(archive_write_set_bytes_per_block) F(archive_write_set_format_option) F(archive_write_set_format_zip)            \
    F(archive_write_zip_set_compression_deflate) F(archive_write_zip_set_compression_store)
/* clang-format on */

#define LATE_MEMBER(function) __typeof__(function) *function;

struct late_functions {
    LATE_PDF(LATE_MEMBER)
    LATE_SHEET(LATE_MEMBER)
    LATE_ZIP(LATE_MEMBER)
};
extern struct late_functions late;

#endif
