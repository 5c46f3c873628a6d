"""Requests that are malformed, or that two readers could read in two ways: (name, bytes), by what is wrong with them.

In the bytes ID stands for the request's X-Request-Id, and AUTH for a header line with a good token. Wherever a reader
could go wrong there lies a whole request with an id of its own (HIDDEN), for it to be found out by.
"""

BODY = b'{"name":"Wire","email":"wire@example.org","role":"employee"}'
HIDDEN = b'GET /healthz HTTP/1.1\r\nHost: x\r\nX-Request-Id: ID-hidden\r\n\r\n'
WRITE = b'POST /v1/people?dry_run=true HTTP/1.1'


def head(first=b'GET /healthz HTTP/1.1', *lines, host=b'Host: x', end=b'\r\n'):
    known = [first, *([host] if host else []), b'X-Request-Id: ID', *lines]
    return end.join(known) + end + end


def write(*lines, body=BODY):
    return head(WRITE, b'AUTH', b'Content-Type: application/json', *lines) + body


def in_chunks(coded, *lines):
    return write(b'Transfer-Encoding: chunked', *lines, body=coded)


def chunk(data=BODY, size=None, after=b'\r\n', line_end=b'\r\n'):
    return (size if size is not None else b'%x' % len(data)) + line_end + data + after


WHOLE = chunk() + b'0\r\n\r\n'
SIZE = b'%x' % len(BODY)

LINE_ENDS = {
    'bare LF after the first line': b'GET /healthz HTTP/1.1\nHost: x\r\nX-Request-Id: ID\r\n\r\n',
    'bare LF after a header': b'GET /healthz HTTP/1.1\r\nHost: x\nX-Request-Id: ID\r\n\r\n',
    'bare LF at the end of the head': b'GET /healthz HTTP/1.1\r\nHost: x\r\nX-Request-Id: ID\r\n\n',
    'bare LF throughout': head(end=b'\n'),
    'LF CR LF ends': b'GET /healthz HTTP/1.1\r\nHost: x\r\nX-Request-Id: ID\n\r\n',
    'LF LF, then a hidden one': b'GET /healthz HTTP/1.1\r\nHost: x\r\nX-Request-Id: ID\n\n' + HIDDEN,
    'bare CR after the first line': b'GET /healthz HTTP/1.1\rHost: x\r\nX-Request-Id: ID\r\n\r\n',
    'bare CR after a header': b'GET /healthz HTTP/1.1\r\nHost: x\rX-Request-Id: ID\r\n\r\n',
    'bare CR throughout': head(end=b'\r'),
    'bare CR in the first line': b'GET /healthz\r HTTP/1.1\r\nHost: x\r\nX-Request-Id: ID\r\n\r\n',
    'bare CR in a value, a length behind it': head(WRITE, b'X: a\rContent-Length: 5') + HIDDEN,
    'CR CR LF after the first line': b'GET /healthz HTTP/1.1\r\r\nHost: x\r\nX-Request-Id: ID\r\n\r\n',
    'CR CR LF after a header': b'GET /healthz HTTP/1.1\r\nHost: x\r\r\nX-Request-Id: ID\r\n\r\n',
    'CR LF CR CR LF ends': b'GET /healthz HTTP/1.1\r\nHost: x\r\nX-Request-Id: ID\r\n\r\r\n' + HIDDEN,
    'CR CR ends': b'GET /healthz HTTP/1.1\r\nHost: x\r\nX-Request-Id: ID\r\r' + HIDDEN,
    'LF CR ends': b'GET /healthz HTTP/1.1\r\nHost: x\r\nX-Request-Id: ID\n\r' + HIDDEN,
    'an empty line before': b'\r\n' + head(),
    'three empty lines before': b'\r\n\r\n\r\n' + head(),
    'LF before': b'\n' + head(),
    'CR before': b'\r' + head(),
    'a space before': b' ' + head(),
    'NUL before': b'\0' + head(),
    'a tab before': b'\t' + head(),
    'a header before': b'X: y\r\n' + head(),
    'CR LF and a space before': b'\r\n ' + head(),
    'a byte order mark before': b'\xef\xbb\xbf' + head(),
    'nothing': b'',
    'one byte': b'G',
    'an empty line': b'\r\n',
    'LF alone': b'\n',
    'a NUL alone': b'\0',
    'two empty lines': b'\r\n\r\n',
    'vertical tab ends': head(end=b'\x0b'),
    'NEL ends': head(end=b'\xc2\x85'),
    'LS ends': head(end=b'\xe2\x80\xa8'),
}

FOLDS = {
    'a folded value': head(b'GET /healthz HTTP/1.1', b'X: a', b' b'),
    'a fold by tab': head(b'GET /healthz HTTP/1.1', b'X: a', b'\tb'),
    'a fold before the first header': b'GET /healthz HTTP/1.1\r\n Host: x\r\nX-Request-Id: ID\r\n\r\n',
    'a folded length': write(b'Content-Length:', b' %d' % len(BODY)),
    'a folded coding': in_chunks(WHOLE, b'X: y').replace(b'Encoding: chunked', b'Encoding:\r\n chunked'),
    'a length in a fold': head(WRITE, b'X: a', b' Content-Length: 5') + HIDDEN,
    'a coding in a fold': head(WRITE, b'X: a', b'\tTransfer-Encoding: chunked') + HIDDEN,
    'a fold of blanks alone': head(b'GET /healthz HTTP/1.1', b'X: a', b'   '),
    'a fold of one blank, then the end': b'GET /healthz HTTP/1.1\r\nHost: x\r\nX-Request-Id: ID\r\n \r\n\r\n' + HIDDEN,
    'a folded host': b'GET /healthz HTTP/1.1\r\nHost:\r\n x\r\nX-Request-Id: ID\r\n\r\n',
    'a fold after bare LF': b'GET /healthz HTTP/1.1\r\nHost: x\r\nX-Request-Id: ID\r\nX: a\n b\r\n\r\n',
    'a fold after bare CR': b'GET /healthz HTTP/1.1\r\nHost: x\r\nX-Request-Id: ID\r\nX: a\r b\r\n\r\n',
}

NAMES = {
    name: head(b'GET /healthz HTTP/1.1', line)
    for name, line in {
        'a blank before the colon': b'X : y',
        'a tab before the colon': b'X\t: y',
        'no colon': b'X y',
        'no name': b': y',
        'a colon alone': b':',
        'a blank name': b' : y',
        'no value': b'X:',
        'a blank value': b'X:   ',
        'no blank': b'X:y',
        'a double colon': b'X:: y',
        'NUL in a name': b'X\0: y',
        'NUL in a value': b'X: a\0b',
        'NUL ends a value': b'X: a\0',
        'DEL in a value': b'X: \x7f',
        'ESC in a value': b'X: \x1b[2J',
        'Latin-1 in a value': b'X: \xe4',
        'UTF-8 in a value': b'X: \xc3\xa4',
        'Latin-1 in a name': b'\xe4: y',
        'an underscore': b'X_Y: z',
        'a dot': b'X.Y: z',
        'a quote': b'"X": y',
        'a bracket': b'X[0]: y',
        'a slash': b'X/Y: z',
        'one letter': b'a:b',
        'a name of 5000': b'X' * 5000 + b': y',
        'a value of 5000': b'X: ' + b'y' * 5000,
        'a value of 15000': b'X: ' + b'y' * 15000,
        'a value of 40000': b'X: ' + b'y' * 40000,
        'a cookie of 9000': b'Cookie: ' + b'a=b; ' * 1800,
        'form feed in a value': b'X: a\x0cb',
        'a header of blanks': b'   X: y',
    }.items()
} | {
    '100 headers': head(b'GET /healthz HTTP/1.1', *[b'X-%d: y' % number for number in range(100)]),
    '2000 headers': head(b'GET /healthz HTTP/1.1', *[b'X: y'] * 2000),
    'NUL hides a length': head(WRITE, b'X: a\0\r\nContent-Length: 5') + HIDDEN,
    'a header without a name hides the end': head(b'GET /healthz HTTP/1.1', b': y\r\n' + HIDDEN[:-4]),
    'a colon and LF hide the end': b'GET /healthz HTTP/1.1\r\nHost: x\r\nX-Request-Id: ID\r\n:\n' + HIDDEN,
}

LENGTHS = {
    name: write(line.replace(b'{n}', b'%d' % len(BODY)))
    for name, line in {
        'leading zeros': b'Content-Length: 000{n}',
        'a tab before': b'Content-Length:\t{n}',
        'blanks behind': b'Content-Length: {n}  ',
        'a blank before the colon': b'Content-Length : {n}',
        'an underscore': b'Content_Length: {n}',
        'a tab behind': b'Content-Length: {n}\t',
        'no blank': b'Content-Length:{n}',
        'a letter before the name': b'xContent-Length: {n}',
        'vertical tab before': b'Content-Length: \x0b{n}',
        'form feed behind': b'Content-Length: {n}\x0c',
        'octal': b'Content-Length: 0o74',
        'Arabic digits': 'Content-Length: ٦٠'.encode(),
        'a comment': b'Content-Length: {n} (bytes)',
        'underscores': b'Content-Length: 6_0',
        'a list with a blank': b'Content-Length: , {n}',
        'a semicolon': b'Content-Length: {n};',
        'too great by 2^64': b'Content-Length: 18446744073709551676',
        'too great by 2^32': b'Content-Length: 4294967356',
        'a NUL behind': b'Content-Length: {n}\0',
        'single quotes': b"Content-Length: '{n}'",
        'a capital name': b'CONTENT-LENGTH: {n}',
        'NBSP before': b'Content-Length:\xa0{n}',
    }.items()
} | {
    'one byte too few': write(b'Content-Length: %d' % (len(BODY) - 1)),
    'one byte too many': write(b'Content-Length: %d' % (len(BODY) + 1)),
    'a hidden one as a body of GET': head(b'GET /healthz HTTP/1.1', b'Content-Length: %d' % len(HIDDEN)) + HIDDEN,
    'a hidden one as a body of HEAD': head(b'HEAD /healthz HTTP/1.1', b'Content-Length: %d' % len(HIDDEN)) + HIDDEN,
    'a hidden one as a body of DELETE': head(b'DELETE /healthz HTTP/1.1', b'Content-Length: %d' % len(HIDDEN)) + HIDDEN,
    'a hidden one as a body of OPTIONS': head(b'OPTIONS /healthz HTTP/1.1', b'Content-Length: %d' % len(HIDDEN))
    + HIDDEN,
    'a hidden one behind an empty body': head(WRITE, b'Content-Length: 0') + HIDDEN,
    'a hidden one behind no length': head(WRITE) + HIDDEN,
    'a hidden one in the body of nobody': head(WRITE, b'Content-Length: %d' % len(HIDDEN)) + HIDDEN,
    'a hidden one in the body of what is not there': head(
        b'POST /v1/nothing HTTP/1.1', b'Content-Length: %d' % len(HIDDEN)
    )
    + HIDDEN,
    'a hidden one in a body of a wrong type': head(
        WRITE, b'AUTH', b'Content-Type: text/plain', b'Content-Length: %d' % len(HIDDEN)
    )
    + HIDDEN,
    'a body of 100000': write(b'Content-Length: 100000', body=b' ' * (100000 - len(BODY)) + BODY),
    'a body of 2000000': write(b'Content-Length: 2000000', body=b' ' * 2000000),
    'both, the length first': write(b'Content-Length: 5', b'Transfer-Encoding: chunked', body=b'0\r\n\r\n' + HIDDEN),
    'both, the coding first': write(b'Transfer-Encoding: chunked', b'Content-Length: 5', body=b'0\r\n\r\n' + HIDDEN),
    'HTTP/1.0 with a length': head(b'POST /v1/people?dry_run=true HTTP/1.0', b'Content-Length: %d' % len(HIDDEN))
    + HIDDEN,
}

CODINGS = {
    name: head(WRITE, b'AUTH', b'Content-Type: application/json', line) + WHOLE
    for name, line in {
        'a tab before': b'Transfer-Encoding:\tchunked',
        'blanks behind': b'Transfer-Encoding: chunked  ',
        'capitals': b'TRANSFER-ENCODING: CHUNKED',
        'a blank before the colon': b'Transfer-Encoding : chunked',
        'an underscore': b'Transfer_Encoding: chunked',
        'no blank': b'Transfer-Encoding:chunked',
        'a comma behind': b'Transfer-Encoding: chunked,',
        'a comma before': b'Transfer-Encoding: ,chunked',
        'a semicolon': b'Transfer-Encoding: chunked;',
        'single quotes': b"Transfer-Encoding: 'chunked'",
        'NUL behind': b'Transfer-Encoding: chunked\0',
        'NUL before': b'Transfer-Encoding: \0chunked',
        'form feed before': b'Transfer-Encoding: \x0cchunked',
        'Kelvin': 'Transfer-Encoding: chun\u212aed'.encode(),
        'twice in two lines': b'Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked',
        'identity behind': b'Transfer-Encoding: chunked, identity',
        'identity before': b'Transfer-Encoding: identity, chunked',
        'deflate': b'Transfer-Encoding: deflate',
        'empty behind': b'Transfer-Encoding: chunked\r\nTransfer-Encoding:',
        'a letter before the name': b'xTransfer-Encoding: chunked',
        'TE alone': b'TE: chunked',
        'a bare CR': b'Transfer-Encoding: chunked\rX: y',
        'a tab within': b'Transfer-Encoding: chunk\ted',
    }.items()
} | {
    'HTTP/1.0': head(b'POST /v1/people?dry_run=true HTTP/1.0', b'Transfer-Encoding: chunked') + b'0\r\n\r\n' + HIDDEN,
    'of GET': head(b'GET /healthz HTTP/1.1', b'Transfer-Encoding: chunked')
    + b'%x\r\n%s\r\n0\r\n\r\n' % (len(HIDDEN), HIDDEN),
    'of HEAD': head(b'HEAD /healthz HTTP/1.1', b'Transfer-Encoding: chunked')
    + b'%x\r\n%s\r\n0\r\n\r\n' % (len(HIDDEN), HIDDEN),
}

CHUNKS = {
    name: in_chunks(coded)
    for name, coded in {
        'in order': WHOLE,
        'capital digits': chunk(size=SIZE.upper()) + b'0\r\n\r\n',
        'leading zeros': chunk(size=b'000' + SIZE) + b'0\r\n\r\n',
        '40 leading zeros': chunk(size=b'0' * 40 + SIZE) + b'0\r\n\r\n',
        'a blank before': chunk(size=b' ' + SIZE) + b'0\r\n\r\n',
        'a blank behind': chunk(size=SIZE + b' ') + b'0\r\n\r\n',
        'a tab behind': chunk(size=SIZE + b'\t') + b'0\r\n\r\n',
        '0x': chunk(size=b'0x' + SIZE) + b'0\r\n\r\n',
        'plus': chunk(size=b'+' + SIZE) + b'0\r\n\r\n',
        'minus': chunk(size=b'-' + SIZE) + b'0\r\n\r\n',
        'h behind': chunk(size=SIZE + b'h') + b'0\r\n\r\n',
        'no size': chunk(size=b'') + b'0\r\n\r\n',
        'a size in words': chunk(size=b'sixty') + b'0\r\n\r\n',
        'NUL behind': chunk(size=SIZE + b'\0') + b'0\r\n\r\n',
        'an underscore': chunk(size=b'3_c') + b'0\r\n\r\n',
        'too great by 2^64': chunk(size=b'1' + SIZE.rjust(16, b'0')) + b'0\r\n\r\n',
        'too great by 2^32': chunk(size=b'1' + SIZE.rjust(8, b'0')) + b'0\r\n\r\n',
        '2^63': chunk(size=b'8' + b'0' * 15) + b'0\r\n\r\n',
        '2^64 - 1': chunk(size=b'f' * 16) + b'0\r\n\r\n',
        'one byte too few': chunk(size=b'%x' % (len(BODY) - 1)) + b'0\r\n\r\n',
        'one byte too many': chunk(size=b'%x' % (len(BODY) + 1)) + b'0\r\n\r\n',
        'LF behind the size': chunk(line_end=b'\n') + b'0\r\n\r\n',
        'CR behind the size': chunk(line_end=b'\r') + b'0\r\n\r\n',
        'CR CR LF behind the size': chunk(line_end=b'\r\r\n') + b'0\r\n\r\n',
        'LF behind the data': chunk(after=b'\n') + b'0\r\n\r\n',
        'CR behind the data': chunk(after=b'\r') + b'0\r\n\r\n',
        'nothing behind the data': chunk(after=b'') + b'0\r\n\r\n',
        'an empty line too many': chunk(after=b'\r\n\r\n') + b'0\r\n\r\n',
        'two bytes behind the data': chunk(after=b'xx') + b'0\r\n\r\n',
        'LF LF ends': chunk() + b'0\n\n',
        'CR LF LF ends': chunk() + b'0\r\n\n',
        'LF CR LF ends': chunk() + b'0\n\r\n',
        'CR CR ends': chunk() + b'0\r\r',
        'no end': chunk() + b'0\r\n',
        'no last chunk': chunk(),
        '00': chunk() + b'00\r\n\r\n',
        'a last chunk of 20 zeros': chunk() + b'0' * 20 + b'\r\n\r\n',
        'a last chunk with an extension': chunk() + b'0;x=y\r\n\r\n',
        'an extension': chunk(size=SIZE + b';a=b') + b'0\r\n\r\n',
        'an extension without a name': chunk(size=SIZE + b';') + b'0\r\n\r\n',
        'a quoted extension': chunk(size=SIZE + b';a="b;c"') + b'0\r\n\r\n',
        'a quoted line end': chunk(size=SIZE + b';a="\r\n"') + b'0\r\n\r\n',
        'an open quote': chunk(size=SIZE + b';a="b') + b'0\r\n\r\n',
        'blanks around an extension': chunk(size=SIZE + b' ; a = b') + b'0\r\n\r\n',
        'LF in an extension': chunk(size=SIZE + b';a\nb') + b'0\r\n\r\n',
        'CR in an extension': chunk(size=SIZE + b';a\rb') + b'0\r\n\r\n',
        'NUL in an extension': chunk(size=SIZE + b';a\0b') + b'0\r\n\r\n',
        'an extension of 3000': chunk(size=SIZE + b';' + b'a' * 3000) + b'0\r\n\r\n',
        'an extension of 40000': chunk(size=SIZE + b';' + b'a' * 40000) + b'0\r\n\r\n',
        'no semicolon': chunk(size=SIZE + b' a') + b'0\r\n\r\n',
        'LF after an extension hides a chunk': b'2;\n'
        + b'xx\r\n'
        + b'%x\r\n' % len(HIDDEN)
        + HIDDEN
        + b'\r\n0\r\n\r\n',
        'single bytes': b''.join(b'1\r\n%c\r\n' % byte for byte in BODY) + b'0\r\n\r\n',
        'a trailer': chunk() + b'0\r\nX: y\r\n\r\n',
        'a length as a trailer': chunk() + b'0\r\nContent-Length: 5\r\n\r\n' + HIDDEN,
        'a coding as a trailer': chunk() + b'0\r\nTransfer-Encoding: chunked\r\n\r\n' + HIDDEN,
        'a folded trailer': chunk() + b'0\r\nX: y\r\n z\r\n\r\n',
        'a trailer ended by LF': chunk() + b'0\r\nX: y\n\n',
        'a trailer without a name': chunk() + b'0\r\n: y\r\n' + HIDDEN,
        'a trailer without a colon': chunk() + b'0\r\nxyz\r\n\r\n',
        'NUL in a trailer': chunk() + b'0\r\nX: a\0b\r\n\r\n',
        'a request as a trailer': chunk() + b'0\r\n' + HIDDEN,
        '50 trailers': chunk() + b'0\r\n' + b'X: y\r\n' * 50 + b'\r\n',
        'a trailer of 40000': chunk() + b'0\r\nX: ' + b'y' * 40000 + b'\r\n\r\n',
        'a bare CR in a trailer': chunk() + b'0\r\nX: a\rb\r\n\r\n',
        'a trailer of an extra line': chunk() + b'0\r\n\r\n\r\n',
    }.items()
}

METHODS = {
    name: head(line)
    for name, line in {
        'lower case': b'get /healthz HTTP/1.1',
        'mixed case': b'Get /healthz HTTP/1.1',
        'a letter more': b'GETS /healthz HTTP/1.1',
        'a letter less': b'GE /healthz HTTP/1.1',
        'none': b' /healthz HTTP/1.1',
        'TRACE': b'TRACE /healthz HTTP/1.1',
        'CONNECT': b'CONNECT x:80 HTTP/1.1',
        'PRI': b'PRI * HTTP/2.0',
        'special letters': b"!#$%&'*+-.^_`|~ /healthz HTTP/1.1",
        'a quote': b'G"T /healthz HTTP/1.1',
        'a comma': b'GET, /healthz HTTP/1.1',
        'a colon': b'GET: /healthz HTTP/1.1',
        'Latin-1': b'G\xc9T /healthz HTTP/1.1',
        '300 letters': b'X' * 300 + b' /healthz HTTP/1.1',
        'a tab behind': b'GET\t/healthz HTTP/1.1',
        'two blanks': b'GET  /healthz HTTP/1.1',
        'a NUL within': b'G\0ET /healthz HTTP/1.1',
        'unknown': b'FETCH /healthz HTTP/1.1',
        'a form feed behind': b'GET\x0c/healthz HTTP/1.1',
        'HEAD': b'HEAD /healthz HTTP/1.1',
        'digits': b'123 /healthz HTTP/1.1',
        'PATCH': b'PATCH /healthz HTTP/1.1',
        'OPTIONS of all': b'OPTIONS * HTTP/1.1',
        'GET of all': b'GET * HTTP/1.1',
    }.items()
}

TARGETS = {
    name: head(b'GET ' + target + b' HTTP/1.1')
    for name, target in {
        'absolute': b'http://x/healthz',
        'absolute, of another host': b'http://y/healthz',
        'absolute, https': b'https://x/healthz',
        'absolute in capitals': b'HTTP://X/healthz',
        'absolute with a user': b'http://a:b@x/healthz',
        'absolute without a path': b'http://x',
        'absolute with a query alone': b'http://x?a',
        'absolute with a port': b'http://x:80/healthz',
        'absolute, ftp': b'ftp://x/healthz',
        'absolute, no host': b'http:///healthz',
        'absolute, dots': b'http://x/../healthz',
        'absolute, a fragment': b'http://x/healthz#a',
        'absolute, one slash': b'http:/x/healthz',
        'absolute, IPv6': b'http://[::1]/healthz',
        'absolute, a backslash': b'http://x\\healthz',
        'an authority': b'x:80',
        'no slash': b'healthz',
        'two slashes': b'//healthz',
        'two slashes and a host': b'//y/healthz',
        'a slash behind': b'/healthz/',
        'a fragment': b'/healthz#a',
        'a parameter': b'/healthz;a=b',
        'coded letters': b'/%68ealthz',
        'a coded blank': b'/healthz%20',
        'half a code': b'/healthz%2',
        'no code': b'/healthz%zz',
        'a coded line end': b'/healthz%0d%0aX:%20y',
        'a coded question mark': b'/healthz%3Fa',
        'a backslash': b'/\\healthz',
        'UTF-8': b'/\xc3\xa4',
        'Latin-1': b'/\xe4',
        'DEL': b'/\x7f',
        'a tab': b'/healthz\ta',
        'braces': b'/{healthz}',
        'quotes': b'/"healthz"',
        'a bar': b'/a|b',
        'less and greater': b'/<a>',
        'a caret': b'/^',
        'none': b'',
        'a question mark alone': b'?',
        'only a query': b'?a=b',
        'two question marks': b'/healthz?a?b',
        '7000 letters': b'/' + b'a' * 7000,
        '20000 letters': b'/' + b'a' * 20000,
        'a query of 7000': b'/healthz?' + b'a' * 7000,
        'dots': b'/v1/../healthz',
        'coded dots': b'/v1/%2e%2e/healthz',
        'dots at the end': b'/healthz/..',
        'a dot': b'/./healthz',
        'three dots': b'/.../healthz',
        'a coded slash': b'/v1%2fpeople',
        'a twice coded slash': b'/v1%252fpeople',
        'a control': b'/\x01',
        'empty segments': b'/v1//people',
        'a NUL': b'/healthz\0',
        'a coded NUL': b'/healthz%00',
        'an overlong slash': b'/v1%c0%afpeople',
    }.items()
}

VERSIONS = {
    name: head(b'GET /healthz' + version)
    for name, version in {
        'none': b'',
        'a blank': b' ',
        '1': b' HTTP/1',
        '1.': b' HTTP/1.',
        '1.10': b' HTTP/1.10',
        '1.2': b' HTTP/1.2',
        '01.1': b' HTTP/01.1',
        '1.01': b' HTTP/1.01',
        '0.9': b' HTTP/0.9',
        '2.0': b' HTTP/2.0',
        '3': b' HTTP/3',
        '11': b' HTTP/11',
        'lower case': b' http/1.1',
        'a blank within': b' HTTP/1. 1',
        'a blank before the slash': b' HTTP /1.1',
        'a tab before': b'\tHTTP/1.1',
        'a tab behind': b' HTTP/1.1\t',
        'a blank behind': b' HTTP/1.1 ',
        'a word behind': b' HTTP/1.1 x',
        'minus': b' HTTP/-1.1',
        'a comma': b' HTTP/1,1',
        'HTTPS': b' HTTPS/1.1',
        'ICY': b' ICY/1.1',
        'letters': b' HTTP/a.b',
        'NUL behind': b' HTTP/1.1\0',
        'two of them': b' HTTP/1.1 HTTP/1.1',
        '1.0': b' HTTP/1.0',
        'a great one': b' HTTP/1.18446744073709551617',
        'full width': ' HTTP/１.1'.encode(),
    }.items()
}

HOSTS = {
    name: head(host=host)
    for name, host in {
        'none': None,
        'empty': b'Host:',
        'twice the same': b'Host: x\r\nHost: x',
        'twice': b'Host: x\r\nHost: y',
        'a list': b'Host: x, y',
        'a blank within': b'Host: x y',
        'a user': b'Host: a@x',
        'a path': b'Host: x/y',
        'IPv6': b'Host: [::1]:80',
        'half IPv6': b'Host: [::1',
        'a port in words': b'Host: x:http',
        'no port': b'Host: x:',
        'a great port': b'Host: x:99999999999',
        'a query': b'Host: x?y',
        'a scheme': b'Host: http://x',
        'an underscore': b'Host: x_y',
        'UTF-8': b'Host: \xc3\xa4',
        'a blank before the colon': b'Host : x',
        'no blank': b'Host:x',
        'a NUL': b'Host: x\0y',
        'dots': b'Host: ..',
        'a star': b'Host: *',
        '4000 letters': b'Host: ' + b'x' * 4000,
        'a tab before': b'Host:\tx',
        'twice, one empty': b'Host: x\r\nHost:',
        'a backslash': b'Host: x\\y',
        'a comma behind': b'Host: x,',
        'a fragment': b'Host: x#y',
    }.items()
} | {
    'none in HTTP/1.0': head(b'GET /healthz HTTP/1.0', host=None),
    'twice in HTTP/1.0': head(b'GET /healthz HTTP/1.0', host=b'Host: x\r\nHost: y'),
}

EXPECTATIONS = {
    'of a body': write(b'Content-Length: %d' % len(BODY), b'Expect: 100-continue'),
    'in capitals': write(b'Content-Length: %d' % len(BODY), b'EXPECT: 100-CONTINUE'),
    'of chunks': in_chunks(WHOLE, b'Expect: 100-continue'),
    'of nothing': head(b'GET /healthz HTTP/1.1', b'Expect: 100-continue'),
    'of an empty body': head(WRITE, b'Content-Length: 0', b'Expect: 100-continue'),
    'unknown': write(b'Content-Length: %d' % len(BODY), b'Expect: 200-ok'),
    'twice': write(b'Content-Length: %d' % len(BODY), b'Expect: 100-continue', b'Expect: 100-continue'),
    'empty': write(b'Content-Length: %d' % len(BODY), b'Expect:'),
    'a list': write(b'Content-Length: %d' % len(BODY), b'Expect: 100-continue, x'),
    'in HTTP/1.0': head(
        b'POST /v1/people?dry_run=true HTTP/1.0', b'Content-Length: %d' % len(HIDDEN), b'Expect: 100-continue'
    )
    + HIDDEN,
    'of nobody': head(WRITE, b'Content-Length: %d' % len(HIDDEN), b'Expect: 100-continue') + HIDDEN,
    'of too much': head(
        WRITE, b'AUTH', b'Content-Type: application/json', b'Content-Length: 30000000', b'Expect: 100-continue'
    )
    + HIDDEN,
    "of nobody's file": head(
        b'POST /v1/reviews/MR-2026-01/attachments HTTP/1.1',
        b'Content-Length: %d' % len(HIDDEN),
        b'Expect: 100-continue',
    )
    + HIDDEN,
}

UPGRADES = {
    name: head(b'GET /healthz HTTP/1.1', *lines) + HIDDEN
    for name, lines in {
        'to WebSocket': [
            b'Connection: Upgrade',
            b'Upgrade: websocket',
            b'Sec-WebSocket-Version: 13',
            b'Sec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==',
        ],
        'to HTTP/2': [
            b'Connection: Upgrade, HTTP2-Settings',
            b'Upgrade: h2c',
            b'HTTP2-Settings: AAMAAABkAAQAoAAAAAIAAAAA',
        ],
        'to TLS': [b'Connection: Upgrade', b'Upgrade: TLS/1.0'],
        'without Connection': [b'Upgrade: h2c'],
        'to nothing': [b'Connection: Upgrade', b'Upgrade:'],
        'close': [b'Connection: close'],
        'keep-alive': [b'Connection: keep-alive'],
        'both': [b'Connection: keep-alive, close'],
        'twice': [b'Connection: keep-alive', b'Connection: close'],
        'a header of the other end': [b'Connection: X-Request-Id'],
        'of the length': [b'Connection: Content-Length, Transfer-Encoding'],
        'an empty one': [b'Connection:'],
        'a quoted close': [b'Connection: "close"'],
        'of a proxy': [b'Proxy-Connection: close'],
        'close in capitals': [b'CONNECTION: CLOSE'],
        'a comma behind close': [b'Connection: close,'],
        'keep-alive with a time': [b'Keep-Alive: timeout=1, max=1'],
        'a closed door': [b'Connection: closed'],
    }.items()
} | {
    'to HTTP/2 by a preface': b'PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n' + b'\0\0\0\4\0\0\0\0\0' + HIDDEN,
    'to TLS at once': b'\x16\x03\x01\x00\x2f\x01\x00\x00\x2b\x03\x03' + b'x' * 40,
    'keep-alive in HTTP/1.0': head(b'GET /healthz HTTP/1.0', b'Connection: keep-alive') + HIDDEN,
    'nothing in HTTP/1.0': head(b'GET /healthz HTTP/1.0') + HIDDEN,
}

PIPELINES = {
    'two': head() + HIDDEN,
    'twenty': head() + HIDDEN.replace(b'-hidden', b'-more') * 18 + HIDDEN,
    'a write and a read': write(b'Content-Length: %d' % len(BODY)) + HIDDEN,
    'chunks and a read': in_chunks(WHOLE) + HIDDEN,
    'HEAD and a read': head(b'HEAD /healthz HTTP/1.1') + HIDDEN,
    'what is not there, and a read': head(b'GET /nothing HTTP/1.1') + HIDDEN,
    'an empty line between': head() + b'\r\n' + HIDDEN,
    'LF between': head() + b'\n' + HIDDEN,
    'three lines between': head() + b'\r\n' * 3 + HIDDEN,
    'CR between': head() + b'\r' + HIDDEN,
    'a blank between': head() + b' ' + HIDDEN,
    'NUL between': head() + b'\0' + HIDDEN,
    'a word between': head() + b'word' + HIDDEN,
    'a write, an empty line, a read': write(b'Content-Length: %d' % len(BODY)) + b'\r\n' + HIDDEN,
    'three writes': write(b'Content-Length: %d' % len(BODY)) * 3,
    'nobody, then a read': head(b'GET /v1/people HTTP/1.1') + HIDDEN,
    'what has no such method': head(b'DELETE /v1/people HTTP/1.1', b'AUTH') + HIDDEN,
    'half a request': head() + b'GET /heal',
    'an answer': head() + b'HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n' + HIDDEN,
    'an answer first': b'HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n' + HIDDEN,
}

SECTIONS = {
    'line ends': LINE_ENDS,
    'folds': FOLDS,
    'headers': NAMES,
    'lengths': LENGTHS,
    'codings': CODINGS,
    'chunks': CHUNKS,
    'methods': METHODS,
    'targets': TARGETS,
    'versions': VERSIONS,
    'hosts': HOSTS,
    'expectations': EXPECTATIONS,
    'upgrades': UPGRADES,
    'pipelines': PIPELINES,
}


def own():
    return [(f'{section}: {name}', data) for section, cases in SECTIONS.items() for name, data in cases.items()]
