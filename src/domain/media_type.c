#include "reviewd/media_type.h"

#include "reviewd/field.h"

#include <stdio.h>
#include <stdlib.h>
#include <strings.h>

const char media_types_taken[] = "PDF, PNG, JPEG, GIF, WebP, TIFF, text in UTF-8 (plain, CSV, Markdown, JSON), e-mail, "
                                 "documents of Microsoft Office and OpenDocument, and the archives ZIP, gzip and 7z";

enum family {
    FAMILY_NONE,
    FAMILY_PDF,
    FAMILY_PNG,
    FAMILY_JPEG,
    FAMILY_GIF,
    FAMILY_WEBP,
    FAMILY_TIFF,
    FAMILY_TEXT,
    FAMILY_MAIL,
    FAMILY_DOCX,
    FAMILY_XLSX,
    FAMILY_PPTX,
    FAMILY_ODT,
    FAMILY_ODS,
    FAMILY_ODP,
    FAMILY_ODG,
    FAMILY_OLE,
    FAMILY_ZIP,
    FAMILY_GZIP,
    FAMILY_SEVENZ,
};

#define OFFICE "application/vnd.openxmlformats-officedocument."
#define OPEN_DOCUMENT "application/vnd.oasis.opendocument."

/* What may be in a file of each kind. The first of a family is the one for what says nothing else. */
static const struct media_type {
    enum family family;
    const char *name;
    const char *endings; /* of names, each with a dot before and a space behind */
} types[] = {
    {FAMILY_PDF, "application/pdf", ".pdf "},
    {FAMILY_PNG, "image/png", ".png "},
    {FAMILY_JPEG, "image/jpeg", ".jpg .jpeg "},
    {FAMILY_GIF, "image/gif", ".gif "},
    {FAMILY_WEBP, "image/webp", ".webp "},
    {FAMILY_TIFF, "image/tiff", ".tif .tiff "},
    {FAMILY_TEXT, "text/plain", ".txt .text .log "},
    {FAMILY_TEXT, "text/csv", ".csv "},
    {FAMILY_TEXT, "text/markdown", ".md .markdown "},
    {FAMILY_TEXT, "application/json", ".json "},
    {FAMILY_MAIL, "message/rfc822", ".eml "},
    {FAMILY_DOCX, OFFICE "wordprocessingml.document", ".docx "},
    {FAMILY_XLSX, OFFICE "spreadsheetml.sheet", ".xlsx "},
    {FAMILY_PPTX, OFFICE "presentationml.presentation", ".pptx "},
    {FAMILY_ODT, OPEN_DOCUMENT "text", ".odt "},
    {FAMILY_ODS, OPEN_DOCUMENT "spreadsheet", ".ods "},
    {FAMILY_ODP, OPEN_DOCUMENT "presentation", ".odp "},
    {FAMILY_ODG, OPEN_DOCUMENT "graphics", ".odg "},
    {FAMILY_OLE, "application/x-ole-storage", ""},
    {FAMILY_OLE, "application/msword", ".doc .dot "},
    {FAMILY_OLE, "application/vnd.ms-excel", ".xls .xlt "},
    {FAMILY_OLE, "application/vnd.ms-powerpoint", ".ppt .pps "},
    {FAMILY_OLE, "application/vnd.ms-outlook", ".msg "},
    {FAMILY_ZIP, "application/zip", ".zip "},
    {FAMILY_GZIP, "application/gzip", ".gz .tgz "},
    {FAMILY_SEVENZ, "application/x-7z-compressed", ".7z "},
};

/* Names under which some system runs a file, or shows it as a page, when it is opened. */
static const char refused_endings[] = ".html .htm .xhtml .xht .shtml .mht .mhtml .svg .svgz .hta .js .mjs .cjs .jse "
                                      ".wsf .wsh .vbs .vbe .ps1 .psm1 .bat .cmd "
                                      ".sh .bash .zsh .csh .command .php .phtml .exe .com .scr .pif .cpl .dll .msi "
                                      ".msp .jar .apk .app .lnk .reg .desktop ";

/* Parts of declared types that name the same. */
static const char *const refused_types[] = {"html",       "svg",  "script", "executable",
                                            "msdownload", "x-sh", "x-csh",  "php"};

static bool ends_in(const char *name, const char *endings)
{
    char ending[16];
    size_t length = name ? strlen(name) : 0;
    while (length && (name[length - 1] == '.' || name[length - 1] == ' ')) /* as Windows does */
        length--;
    const char *dot = length ? memrchr(name, '.', length) : NULL;
    if (!dot || snprintf(ending, sizeof ending, "%.*s ", (int)(name + length - dot), dot) >= (int)sizeof ending)
        return false;
    return strcasestr(endings, ending) != NULL;
}

static bool begins(const struct media_sample *sample, size_t at, const char *magic, size_t length)
{
    return sample->head_length >= at + length && memcmp(sample->head + at, magic, length) == 0;
}
#define BEGINS(sample, at, magic) begins((sample), (at), "" magic, sizeof(magic) - 1)

/* --- pages and scripts ------------------------------------------------------------------------------------------- */

static bool is_space(unsigned char c)
{
    return c == ' ' || c == '\t' || c == '\r' || c == '\n' || c == '\f';
}

static size_t skip_space(const struct media_sample *sample, size_t at)
{
    while (at < sample->head_length && is_space(sample->head[at]))
        at++;
    return at;
}

/* Behind the next `end`; the end of the head where there is none. */
static size_t skip_past(const struct media_sample *sample, size_t at, const char *end)
{
    const char *found = memmem(sample->head + at, sample->head_length - at, end, strlen(end));
    return found ? (size_t)(found - (const char *)sample->head) + strlen(end) : sample->head_length;
}

static bool says(const struct media_sample *sample, size_t at, const char *word)
{
    size_t length = strlen(word);
    if (sample->head_length < at + length || strncasecmp((const char *)sample->head + at, word, length) != 0)
        return false;
    unsigned char next = sample->head_length > at + length ? sample->head[at + length] : ' ';
    return is_space(next) || next == '>' || next == '/' || next == ':';
}

/* Whether a browser that is let guess would make a page, a picture or a program of it. */
static bool is_active(const struct media_sample *sample)
{
    static const char *const elements[] = {"<html",  "<head",   "<body",  "<script", "<svg",   "<svg:svg", "<iframe",
                                           "<frame", "<object", "<embed", "<style",  "<title", "<meta",    "<link"};
    size_t at = BEGINS(sample, 0, "\xEF\xBB\xBF") ? 3 : 0;
    if (BEGINS(sample, at, "#!") || BEGINS(sample, at, "<?php") || BEGINS(sample, at, "<?="))
        return true;
    for (;;) {
        at = skip_space(sample, at);
        if (says(sample, at, "<!doctype html") || says(sample, at, "<!doctype svg"))
            return true;
        if (BEGINS(sample, at, "<!--"))
            at = skip_past(sample, at, "-->");
        else if (BEGINS(sample, at, "<?") || BEGINS(sample, at, "<!"))
            at = skip_past(sample, at, ">");
        else
            break;
    }
    for (size_t i = 0; i < COUNT_OF(elements); i++) {
        if (says(sample, at, elements[i]))
            return true;
    }
    return false;
}

/* --- families ---------------------------------------------------------------------------------------------------- */

/* The names of the fields that e-mails have (RFC 5322), in the lines at the beginning; two of them make one. */
static bool looks_like_mail(const struct media_sample *sample)
{
    static const char *const names[] = {
        "From:", "To:", "Date:", "Subject:", "Message-ID:", "Received:", "MIME-Version:", "Return-Path:"};
    const char *head = (const char *)sample->head;
    size_t found = 0;
    if (memchr(head, '\0', sample->head_length))
        return false;
    for (size_t at = 0; at < sample->head_length;) {
        const char *end = memchr(head + at, '\n', sample->head_length - at);
        size_t length = end ? (size_t)(end - head) - at : sample->head_length - at;
        if (!end || length == 0 || head[at] == '\r') /* the end of the header, or of what is seen of it */
            break;
        bool folded = head[at] == ' ' || head[at] == '\t';
        const char *colon = memchr(head + at, ':', length);
        bool mailbox = at == 0 && strncmp(head, "From ", 5) == 0;
        if (!folded && !mailbox && (!colon || memchr(head + at, ' ', (size_t)(colon - head) - at)))
            return false;
        for (size_t i = 0; i < COUNT_OF(names); i++)
            found += length >= strlen(names[i]) && strncasecmp(head + at, names[i], strlen(names[i])) == 0;
        at += length + 1;
    }
    return found >= 2;
}

static bool holds(const struct media_sample *sample, const char *text)
{
    return memmem(sample->head, sample->head_length, text, strlen(text)) ||
           memmem(sample->tail, sample->tail_length, text, strlen(text));
}

/* By the name of its first entry (APPNOTE 4.3.7), and the names that stand in the directory at its end. */
static enum family zip_family(const struct media_sample *sample)
{
    static const struct {
        const char *type;
        enum family family;
    } open_documents[] = {
        {"text", FAMILY_ODT}, {"spreadsheet", FAMILY_ODS}, {"presentation", FAMILY_ODP}, {"graphics", FAMILY_ODG}};
    enum { NAME_LENGTH = 26, NAME = 30 };
    if (sample->head_length < NAME || !BEGINS(sample, 0, "PK\3\4"))
        return FAMILY_ZIP;
    if (BEGINS(sample, NAME, "META-INF/")) /* a program for Java */
        return FAMILY_NONE;
    size_t after = NAME + sample->head[NAME_LENGTH] + 256u * sample->head[NAME_LENGTH + 1];
    bool typed = BEGINS(sample, NAME, "mimetype" OPEN_DOCUMENT) && after == NAME + 8;
    for (size_t i = 0; typed && i < COUNT_OF(open_documents); i++) {
        const char *type = open_documents[i].type;
        size_t at = after + sizeof(OPEN_DOCUMENT) - 1;
        bool same = begins(sample, at, type, strlen(type));
        if (same && (sample->head_length <= at + strlen(type) || sample->head[at + strlen(type)] == 'P'))
            return open_documents[i].family;
    }
    if (!holds(sample, "[Content_Types].xml"))
        return FAMILY_ZIP;
    return holds(sample, "word/document")      ? FAMILY_DOCX
           : holds(sample, "xl/workbook")      ? FAMILY_XLSX
           : holds(sample, "ppt/presentation") ? FAMILY_PPTX
                                               : FAMILY_ZIP;
}

static const struct media_type *type_named(const char *name)
{
    size_t length = name ? strcspn(name, "; \t") : 0;
    for (size_t i = 0; i < COUNT_OF(types); i++) {
        if (strlen(types[i].name) == length && strncasecmp(types[i].name, name, length) == 0)
            return &types[i];
    }
    return NULL;
}

static const struct media_type *type_ending(const char *name)
{
    for (size_t i = 0; i < COUNT_OF(types); i++) {
        if (ends_in(name, types[i].endings))
            return &types[i];
    }
    return NULL;
}

/* What the client makes of it: its type, or else the name's. */
static const struct media_type *type_told(const struct media_sample *sample)
{
    const struct media_type *type = type_named(sample->declared);
    return type ? type : type_ending(sample->name);
}

static enum family text_family(const struct media_sample *sample)
{
    const struct media_type *told = type_told(sample);
    bool mail = looks_like_mail(sample) && (!sample->is_text || !told || told->family != FAMILY_TEXT);
    if (mail)
        return FAMILY_MAIL;
    return sample->is_text ? FAMILY_TEXT : FAMILY_NONE;
}

static enum family family_of(const struct media_sample *sample)
{
    static const struct {
        enum family family;
        size_t at;
        const char *magic;
        size_t length;
    } magics[] = {
#define MAGIC(family, at, magic) {(family), (at), "" magic, sizeof(magic) - 1}
        MAGIC(FAMILY_PDF, 0, "%PDF-"),
        MAGIC(FAMILY_PNG, 0, "\x89PNG\r\n\x1A\n"),
        MAGIC(FAMILY_JPEG, 0, "\xFF\xD8\xFF"),
        MAGIC(FAMILY_GIF, 0, "GIF87a"),
        MAGIC(FAMILY_GIF, 0, "GIF89a"),
        MAGIC(FAMILY_WEBP, 8, "WEBPVP8"),
        MAGIC(FAMILY_TIFF, 0, "II*\0"),
        MAGIC(FAMILY_TIFF, 0, "MM\0*"),
        MAGIC(FAMILY_OLE, 0, "\xD0\xCF\x11\xE0\xA1\xB1\x1A\xE1"),
        MAGIC(FAMILY_ZIP, 0, "PK\3\4"),
        MAGIC(FAMILY_ZIP, 0, "PK\5\6"),
        MAGIC(FAMILY_GZIP, 0, "\x1F\x8B\x08"),
        MAGIC(FAMILY_SEVENZ, 0, "7z\xBC\xAF\x27\x1C"),
#undef MAGIC
    };
    for (size_t i = 0; i < COUNT_OF(magics); i++) {
        if (!begins(sample, magics[i].at, magics[i].magic, magics[i].length))
            continue;
        if (magics[i].family == FAMILY_WEBP && !BEGINS(sample, 0, "RIFF"))
            continue;
        return magics[i].family == FAMILY_ZIP ? zip_family(sample) : magics[i].family;
    }
    return text_family(sample);
}

/* A type within the family that what is told may stand for. */
static bool may_be(const struct media_sample *sample, const struct media_type *type)
{
    size_t at = skip_space(sample, BEGINS(sample, 0, "\xEF\xBB\xBF") ? 3 : 0);
    bool json = strcmp(type->name, "application/json") == 0;
    return !json || (at < sample->head_length && strchr("{[\"-0123456789tfn", sample->head[at]));
}

const char *media_type_of(const struct media_sample *sample)
{
    for (size_t i = 0; sample->declared && i < COUNT_OF(refused_types); i++) {
        if (strcasestr(sample->declared, refused_types[i]))
            return NULL;
    }
    enum family family = family_of(sample);
    bool readable = family == FAMILY_TEXT || family == FAMILY_MAIL || family == FAMILY_NONE;
    if (ends_in(sample->name, refused_endings) || (readable && is_active(sample)))
        return NULL;
    const struct media_type *const told[] = {type_named(sample->declared), type_ending(sample->name)};
    for (size_t i = 0; i < COUNT_OF(told); i++) {
        if (told[i] && told[i]->family == family && may_be(sample, told[i]))
            return told[i]->name;
    }
    for (size_t i = 0; i < COUNT_OF(types); i++) {
        if (types[i].family == family)
            return types[i].name;
    }
    return NULL;
}
