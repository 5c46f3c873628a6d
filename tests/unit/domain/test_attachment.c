/* src/domain/attachment.c and media_type.c: names of files, and what a file is. */
#include "domain.h"

#include "reviewd/attachment.h"
#include "reviewd/media_type.h"

static const struct {
    const char *sent;
    const char *name; /* NULL: none */
} names[] = {
    {"report.pdf", "report.pdf"},
    {"  report.pdf ", "report.pdf"},
    {"../../etc/passwd", "passwd"},
    {"C:\\Users\\ana\\report.pdf", "report.pdf"},
    {"a/b\\c.txt", "c.txt"},
    {"zwölf €uro 報告書 تقرير דוח.txt", "zwölf €uro 報告書 تقرير דוח.txt"},
    {"a \"quoted\" 'name'; x=y.txt", "a \"quoted\" 'name'; x=y.txt"},
    {"\U0001F4CE.txt", "\U0001F4CE.txt"},
    {".hidden", ".hidden"},
    {NULL, NULL},
    {"", NULL},
    {"   ", NULL},
    {".", NULL},
    {"..", NULL},
    {"folder/", NULL},
    {"folder/..", NULL},
    {"a\r\nSet-Cookie: x.txt", NULL},
    {"a\tb.txt", NULL},
    {"a\x7F.txt", NULL},
    {"a\xC2\x85.txt", NULL},
    {"a\u2028.txt", NULL},
    {"evil\u202Efdp.exe", NULL},
    {"evil\u2066x.txt", NULL},
};

START_TEST(names_are_taken_or_not)
{
    struct arena *arena = violations_new()->arena;
    const char *wrong;
    const char *name = attachment_name(arena, names[_i].sent, &wrong);
    ck_assert_msg((name != NULL) == (names[_i].name != NULL) && (name != NULL) == (wrong == NULL), "%s -> %s",
                  names[_i].sent ? names[_i].sent : "(none)", name ? name : "(none)");
    if (name)
        ck_assert_str_eq(name, names[_i].name);
}
END_TEST

START_TEST(names_are_measured_in_characters)
{
    struct arena *arena = violations_new()->arena;
    const char *wrong;
    char long_name[4 * 256 + 1] = "";
    for (int i = 0; i < 255; i++)
        memcpy(long_name + 4 * i, "\U0001F4CE", 5);
    ck_assert_ptr_nonnull(attachment_name(arena, long_name, &wrong));
    memcpy(long_name + 4 * 255, "\U0001F4CE", 5);
    ck_assert_ptr_null(attachment_name(arena, long_name, &wrong));
}
END_TEST

#define BYTES(text) text, sizeof(text) - 1
#define ZIP_HEAD(length) "PK\3\4\24\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0" length "\0\0\0"
#define PNG "\x89PNG\r\n\x1A\n\0\0"
#define OLE "\xD0\xCF\x11\xE0\xA1\xB1\x1A\xE1\0\0"
#define DOCX "application/vnd.openxmlformats-officedocument.wordprocessingml.document"
#define ODT "application/vnd.oasis.opendocument.text"

static const struct {
    const char *data;
    size_t length;
    const char *declared;
    const char *name;
    const char *type; /* NULL: not taken */
} files[] = {
    {BYTES("%PDF-1.7\n"), "application/pdf", "a.pdf", "application/pdf"},
    {BYTES("%PDF-1.7\n"), "image/png", "a.png", "application/pdf"},
    {BYTES("%PDF-1.7\n"), NULL, NULL, "application/pdf"},
    {BYTES(PNG), "application/octet-stream", "a.txt", "image/png"},
    {BYTES("\xFF\xD8\xFF\xE0"), NULL, NULL, "image/jpeg"},
    {BYTES("GIF89a"), NULL, NULL, "image/gif"},
    {BYTES("\f<html>"), "text/plain", "a.txt", NULL},
    {BYTES("<?= 1 ?>"), "text/plain", "a.txt", NULL},
    {BYTES("From a@x.org Sat Nov 21\nFrom: a@x.org\nTo: b@x.org\n\nx"), NULL, NULL, "message/rfc822"},
    {BYTES("Two words: x\nFrom: a@x.org\nTo: b@x.org\n\nx"), NULL, NULL, "text/plain"},
    {BYTES("From: a@x.org\nTo: b@x.org\n\nx"), "text/plain", "a.txt", "text/plain"},
    {BYTES("\0\0\0\0\0\0\0\0WEBPVP8 "), NULL, NULL, NULL},
    {BYTES("RIFF\1\2\3\4WEBPVP8 "), NULL, NULL, "image/webp"},
    {BYTES("RIFF\1\2\3\4WAVEfmt \xFF"), NULL, NULL, NULL},
    {BYTES("II*\0\10\0\0\0"), NULL, NULL, "image/tiff"},
    {BYTES("MM\0*\0\0\0\10"), NULL, NULL, "image/tiff"},
    /* Text is what it is said to be, if it can be that. */
    {BYTES("a,b\n"), "text/csv; charset=utf-8", "a.bin", "text/csv"},
    {BYTES("a,b\n"), "TEXT/CSV", NULL, "text/csv"},
    {BYTES("a,b\n"), "application/octet-stream", "a.CSV", "text/csv"},
    {BYTES("# Title\n"), NULL, "a.md", "text/markdown"},
    {BYTES("{\"a\":1}"), "application/json", NULL, "application/json"},
    {BYTES(" [1]"), NULL, "a.json", "application/json"},
    {BYTES("hello"), "application/json", "a.json", "text/plain"},
    {BYTES("hello"), "application/pdf", "a.pdf", "text/plain"},
    {BYTES("hello"), "application/x-www-form-urlencoded", NULL, "text/plain"},
    {BYTES("caf\xE9"), "text/plain", "a.txt", NULL},
    {BYTES("nul\0byte"), "text/plain", "a.txt", NULL},
    {BYTES("\xFF\xFEu\0t\0"), "text/plain", "a.txt", NULL},
    {BYTES("a < b, and <b>bold</b>"), "text/plain", "a.txt", "text/plain"},
    /* Pages and pictures with scripts are not, whatever they are called. */
    {BYTES("<!DOCTYPE html><p>"), "text/plain", "a.txt", NULL},
    {BYTES("<html>"), NULL, "a.txt", NULL},
    {BYTES("\xEF\xBB\xBF \r\n\t<HtMl lang=en>"), "text/plain", "a.txt", NULL},
    {BYTES("<!-- hidden -->\n<!-- twice --><script>alert(1)</script>"), "text/plain", "a.txt", NULL},
    {BYTES("<svg xmlns='http://www.w3.org/2000/svg'/>"), "image/png", "a.png", NULL},
    {BYTES("<?xml version='1.0'?>\n<!DOCTYPE svg PUBLIC '-//W3C//DTD SVG 1.1//EN' 'x'>\n<svg>"), NULL, "a.txt", NULL},
    {BYTES("<?xml version='1.0'?><!-- x --><svg:svg>"), NULL, "a.xml", NULL},
    {BYTES("<?xml version='1.0'?><NessusClientData_v2>"), "application/xml", "a.nessus", "text/plain"},
    {BYTES("<htmlike>"), NULL, "a.txt", "text/plain"},
    {BYTES("<?php system('id'); ?>"), "text/plain", "a.txt", NULL},
    {BYTES("#!/bin/sh\nrm -rf /\n"), "text/plain", "a.txt", NULL},
    {BYTES("hello"), "text/html", "a.txt", NULL},
    {BYTES("hello"), "image/svg+xml", "a.txt", NULL},
    {BYTES("hello"), "application/javascript", "a.txt", NULL},
    {BYTES("hello"), "text/plain", "a.HTML", NULL},
    {BYTES("hello"), "text/plain", "a.js", NULL},
    {BYTES("hello"), "text/plain", "a.js. .", NULL},
    {BYTES("hello"), "text/plain", "report.pdf.ps1", NULL},
    {BYTES("MZ\x90\0\3\0\0\0"), "application/pdf", "a.pdf", NULL},
    {BYTES("\x7F"
           "ELF\2\1\1\0"),
     "text/plain", "a.txt", NULL},
    {BYTES(OLE), NULL, "setup.msi", NULL},
    {BYTES("PK\3\4\24\0\0\0\0\0"), NULL, "app.jar", NULL},
    {BYTES(ZIP_HEAD("\24") "META-INF/MANIFEST.MF"), NULL, "a.zip", NULL},
    /* Mail. */
    {BYTES("From: a@x.org\r\nTo: b@x.org\r\nSubject: x\r\n\r\n<html>"), NULL, "a.eml", "message/rfc822"},
    {BYTES("Received: from x\r\n\tby y\r\nDate: z\r\n\r\ncaf\xE9"), "message/rfc822", NULL, "message/rfc822"},
    {BYTES("Subject: x\nDate: y\n\nhello"), "text/plain", "a.txt", "text/plain"},
    {BYTES("hello"), "message/rfc822", "a.eml", "text/plain"},
    {BYTES("<svg/onload=x:\r\nFrom: a@x.org\r\nTo: b@x.org\r\n\r\n"), "message/rfc822", "a.eml", NULL},
    /* Office, by what is in the archive. */
    {BYTES(ZIP_HEAD("\23") "[Content_Types].xml ... word/document.xml"), DOCX, "a.docx", DOCX},
    {BYTES(ZIP_HEAD("\23") "[Content_Types].xml ... xl/workbook.xml"), DOCX, "a.docx",
     "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"},
    {BYTES(ZIP_HEAD("\23") "[Content_Types].xml"), DOCX, "a.docx", "application/zip"},
    {BYTES(ZIP_HEAD("\10") "mimetype" ODT "PK"), NULL, NULL, ODT},
    {BYTES(ZIP_HEAD("\10") "mimetype" ODT "-master PK"), NULL, NULL, "application/zip"},
    {BYTES(ZIP_HEAD("\23") "[Content_Types].xml ... ppt/presentation.xml"), DOCX, "a.docx",
     "application/vnd.openxmlformats-officedocument.presentationml.presentation"},
    {BYTES(ZIP_HEAD("\11") "mimetype" ODT "PK"), NULL, NULL, "application/zip"},
    {BYTES("PK\5\6\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0"), NULL, NULL, "application/zip"},
    {BYTES(ZIP_HEAD("\5") "a.txt"), DOCX, "a.docx", "application/zip"},
    {BYTES("PK\5\6\0\0"), NULL, NULL, "application/zip"},
    {BYTES(OLE), "application/msword", NULL, "application/msword"},
    {BYTES(OLE), NULL, "mail.msg", "application/vnd.ms-outlook"},
    {BYTES(OLE), NULL, NULL, "application/x-ole-storage"},
    {BYTES(OLE), "application/pdf", "a.pdf", "application/x-ole-storage"},
    {BYTES("\x1F\x8B\x08\0"), NULL, "a.tar.gz", "application/gzip"},
    {BYTES("7z\xBC\xAF\x27\x1C\0"), NULL, NULL, "application/x-7z-compressed"},
};

START_TEST(files_are_what_is_in_them)
{
    const unsigned char *data = (const unsigned char *)files[_i].data;
    const struct media_sample sample = {.head = data,
                                        .head_length = files[_i].length,
                                        .tail = data,
                                        .tail_length = files[_i].length,
                                        .is_text = text_is_utf8(files[_i].data, files[_i].length),
                                        .declared = files[_i].declared,
                                        .name = files[_i].name};
    const char *type = media_type_of(&sample);
    ck_assert_msg((type == NULL) == (files[_i].type == NULL), "row %d: %s", _i, type ? type : "not taken");
    if (type)
        ck_assert_str_eq(type, files[_i].type);
}
END_TEST

/* Of a large archive the directory stands in its tail alone. */
START_TEST(an_archive_is_told_by_its_tail)
{
    static const char head[] = ZIP_HEAD("\23") "[Content_Types].xml ...";
    static const char tail[] = "... word/document.xml";
    const struct media_sample sample = {.head = (const unsigned char *)head,
                                        .head_length = sizeof head - 1,
                                        .tail = (const unsigned char *)tail,
                                        .tail_length = sizeof tail - 1};
    ck_assert_str_eq(media_type_of(&sample), DOCX);
}
END_TEST

/* Every beginning of every file is judged without reading beyond it. */
START_TEST(short_files_are_judged_too)
{
    for (size_t length = 0; length < files[_i].length; length++) {
        unsigned char *data = malloc(length ? length : 1);
        memcpy(data, files[_i].data, length);
        const struct media_sample sample = {
            data, length, data, length, text_is_utf8((char *)data, length), files[_i].declared, files[_i].name};
        const char *type = media_type_of(&sample);
        ck_assert(!type || strchr(type, '/'));
        free(data);
    }
}
END_TEST

Suite *attachment_suite(void)
{
    Suite *suite = suite_create("domain/attachment");
    TCase *tcase = unit_case(suite, "names");
    tcase_add_loop_test(tcase, names_are_taken_or_not, 0, ROWS(names));
    tcase_add_test(tcase, names_are_measured_in_characters);
    TCase *types = unit_case(suite, "types");
    tcase_add_loop_test(types, files_are_what_is_in_them, 0, ROWS(files));
    tcase_add_test(types, an_archive_is_told_by_its_tail);
    tcase_add_loop_test(types, short_files_are_judged_too, 0, ROWS(files));
    return suite;
}
