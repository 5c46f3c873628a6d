/* Writing a document. What fails makes the buffer fail. */
#ifndef REVIEWD_RECORDS_WRITE_H
#define REVIEWD_RECORDS_WRITE_H

#include "document.h"

/* HTML 5 in the form of XML. */
void document_html(const struct document *document, struct buffer *out);

/* CommonMark 0.30 with the tables of GitHub's. */
void document_markdown(const struct document *document, struct buffer *out);

/* PDF 1.5, tagged. */
void document_pdf(const struct document *document, struct buffer *out);

#endif
