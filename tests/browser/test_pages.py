"""Agenda, minutes, plots and /docs as a browser shows and prints them."""

import re
import shutil
import subprocess
from pathlib import Path

import pytest

import harness
from chromium import Chromium, Page

ROOT = Path(__file__).resolve().parents[2]
AXE = ROOT / 'tests' / '.cache' / 'lint' / 'node_modules' / 'axe-core' / 'axe.min.js'

pytestmark = pytest.mark.skipif(not shutil.which('chromium'), reason='there is no chromium')

# The documents of the organisation that `reviewd demo` makes: with the pages that each takes on paper, in the fonts that
# fonts.conf leaves. Who adds to the documents, or changes how they are set, counts anew.
DOCUMENTS = {
    '/v1/reviews/MR-2025-01/agenda': 2, '/v1/reviews/MR-2025-01/minutes': 11, '/v1/reviews/MR-2026-01/minutes': 13,
    '/v1/reviews/MR-2026-02/agenda': 2, '/v1/reviews/MR-2026-02/minutes': 5,
}
MARGIN_BELOW_MM = 20     # as the page says itself
PLOTS = ['/v1/reports/action-items', '/v1/reports/metrics', '/v1/reports/schedule', '/v1/reports/clauses',
         '/v1/reports/metrics?name=Backup+jobs+successful']

# WCAG 2.2, 1.4.3: how far each text of the plot stands out from the ground on which it lies.
CONTRASTS = r'''(() => {
    const light = colour => {
        const [r, g, b] = colour.match(/[\d.]+/g).map(n => n / 255).map(c => c <= .03928 ? c / 12.92 : ((c + .055) / 1.055) ** 2.4);
        return .2126 * r + .7152 * g + .0722 * b;
    };
    const boxes = [...document.querySelectorAll('rect')].map(r => [r.getBoundingClientRect(), getComputedStyle(r).fill]);
    return [...document.querySelectorAll('text')].map(text => {
        const box = text.getBoundingClientRect(), x = (box.left + box.right) / 2, y = (box.top + box.bottom) / 2;
        const below = boxes.filter(([r]) => r.left <= x && x <= r.right && r.top <= y && y <= r.bottom).pop()[1];
        const [a, b] = [light(getComputedStyle(text).fill), light(below)].sort((p, q) => q - p);
        return [(a + .05) / (b + .05), text.textContent, box.left, box.right];
    });
})()'''


# What axe finds, and besides the contrast of the texts on which it passes no judgement, since it finds lines drawn by
# gradients behind them, or the column of examples half over them: that with the colour below, and what it has to be.
JUDGED = r'''axe.run(document, {elementRef: true, iframes: false, preload: false}).then(result => {
    const parts = colour => (colour.match(/[\d.]+/g) || []).map(Number);
    const light = ([r, g, b]) => {
        const [x, y, z] = [r, g, b].map(n => n / 255).map(c => c <= .03928 ? c / 12.92 : ((c + .055) / 1.055) ** 2.4);
        return .2126 * x + .7152 * y + .0722 * z;
    };
    const over = ([r, g, b, a = 1], below) => [r, g, b].map((c, i) => c * a + below[i] * (1 - a));
    const contrast = element => {
        const grounds = [], style = getComputedStyle(element);
        for (let at = element; at; at = at.parentElement)
            grounds.unshift(parts(getComputedStyle(at).backgroundColor));
        const below = grounds.reduce((ground, colour) => over(colour, ground), [255, 255, 255]);
        const [a, b] = [light(over(parts(style.color), below)), light(below)].sort((p, q) => q - p);
        const size = parseFloat(style.fontSize), large = size >= 24 || (size >= 18.66 && style.fontWeight >= 700);
        return [(a + .05) / (b + .05), large ? 3 : 4.5, element.outerHTML.slice(0, 200)];
    };
    return {violations: result.violations.map(({id, impact, nodes}) => ({id, impact, nodes: nodes.map(({html}) => ({html}))})),
            contrasts: result.incomplete.filter(rule => rule.id == 'color-contrast').flatMap(rule => rule.nodes)
                .map(node => contrast(node.element))};
})'''


@pytest.fixture(scope='module')
def chromium():
    one = Chromium()
    yield one
    one.close()


@pytest.fixture(scope='module')
def axe():
    subprocess.run([ROOT / 'tests' / 'lint' / 'install'], check=True)
    return AXE.read_text()


@pytest.fixture(scope='module')
def redoc():
    """The bundle, or None where npm does not get it."""
    file = ROOT / 'tests' / '.cache' / 'redoc.standalone.js'
    if not file.exists():
        subprocess.run(['bash', '-c', '. deploy/common.sh && fetch_redoc "$1"', '_', file], cwd=ROOT, check=False)
    return file if file.exists() else None


@pytest.fixture(scope='module')
def demo(redoc):
    daemon = harness.Daemon(env={'REVIEWD_DOCS_BUNDLE': redoc} if redoc else {})
    daemon.cli('demo')
    daemon.start()
    try:
        daemon.reader = daemon.token('ragnhild.bjornstad@brueckner.example')
        yield daemon
        daemon.stop()
    finally:
        daemon.discard()


@pytest.fixture
def page(chromium, demo):
    made = []

    def show(path, form='html', **options):
        made.append(Page(chromium, **options))
        separator = '&' if '?' in path else '?'
        return made[-1].open(f'{demo.url}{path}{separator}format={form}', demo.reader)

    yield show
    for one in made:
        one.close()


def found(page, axe):
    """What axe finds serious or critical, one line for each."""
    page.run(axe)
    return grave(page.run('axe.run(document, {resultTypes: ["violations"]}).then(r => r.violations)'))


def grave(violations):
    return [f'{one["impact"]} {one["id"]}: {node["html"]}' for one in violations for node in one['nodes']
            if one['impact'] in ('serious', 'critical')]


def pages_of(pdf):
    done = subprocess.run(['pdftotext', '-layout', '-', '-'], input=pdf, capture_output=True, check=True)
    return done.stdout.decode().split('\f')[:-1]


def fonts_of(pdf):
    done = subprocess.run(['pdffonts', '-'], input=pdf, capture_output=True, check=True).stdout.decode()
    return {re.match(r'(?:[A-Z]{6}\+)?(\w+)', line)[1] for line in done.splitlines()[2:]}


def free_below(pdf):
    """Millimetres between the last words of each page and its margin."""
    done = subprocess.run(['pdftotext', '-bbox', '-', '-'], input=pdf, capture_output=True, check=True).stdout.decode()
    ends = [max(float(y) for y in re.findall('yMax="([0-9.]+)"', one)) for one in done.split('<page ')[1:]]
    return [297 - MARGIN_BELOW_MM - end * 25.4 / 72 for end in ends]


def tallest_of(shown):
    """Millimetres of the tallest thing that is not torn apart on paper, with the headings that stay with it."""
    shown.call('Emulation.setDeviceMetricsOverride', width=673, height=979, deviceScaleFactor=1, mobile=False)   # 178 mm
    shown.call('Emulation.setEmulatedMedia', media='print')
    heights = '''(selector => Math.max(0, ...[...document.querySelectorAll(selector)].map(e => e.offsetHeight
        || e.getBoundingClientRect().height)))'''
    return shown.run(f'{heights}("tr, figure, dl") + {heights}("thead") + {heights}("caption") + 3 * {heights}("h2, h3")') * 25.4 / 96


@pytest.mark.parametrize('scheme', ['light', 'dark'])
@pytest.mark.parametrize('path', DOCUMENTS)
def test_a_document_is_accessible_and_fetches_nothing(page, axe, path, scheme):
    shown = page(path, scheme=scheme)
    assert found(shown, axe) == []
    assert shown.errors == [] and len(shown.fetched) == 1, (shown.errors, shown.fetched)


@pytest.mark.parametrize('path', DOCUMENTS)
def test_a_document_fits_a_phone(page, path):
    shown = page(path, width=360, height=740)
    assert shown.run('document.scrollingElement.scrollWidth') <= 360
    # Letters are not smaller than 11 CSS pixels, those of the plots as they are scaled.
    small = shown.run('''[...document.querySelectorAll('p, td, th, dd, dt, li, svg text')].map(e => parseFloat(
        getComputedStyle(e).fontSize) * (e.ownerSVGElement ? e.ownerSVGElement.getScreenCTM().a : 1)).filter(s => s < 9)''')
    assert small == []


@pytest.mark.parametrize('path', DOCUMENTS)
def test_a_document_prints_on_as_many_pages_as_it_takes(page, path):
    shown = page(path)
    pdf = shown.print()
    texts = pages_of(pdf)
    assert len(texts) == DOCUMENTS[path]
    assert fonts_of(pdf) <= {'NotoSans', 'NotoSansMono', 'NotoSansMath', 'NotoSansSymbols', 'NotoSansSymbols2'}
    # No page ends before it has to: all that is free there is less than what may not be torn apart takes.
    tallest = tallest_of(shown)
    for number, free in enumerate(free_below(pdf)[:-1], 1):
        assert free < tallest, f'{free:.0f} mm are free below page {number}'
    headings = shown.run('[...document.querySelectorAll("h2, h3, h4")].map(e => e.textContent.trim())')
    assert len(headings) > 2
    for text in texts:      # what is said under a heading begins on its page
        last = [line.strip() for line in text.splitlines() if line.strip() not in ('', 'DRAFT')][-1]
        assert last not in headings, f'{last} is the last line of its page'
    draft = 'MR-2026-02' in path
    for text in texts:
        assert len(text.split()) > 15, 'a page with next to nothing on it'
        assert ('DRAFT' in text) == draft
        if re.search(r'^\s*ACT-2026-\d{4}\s', text, re.MULTILINE):      # the head of the table is on each of its pages
            assert re.search(r'Reference\s+Action item', text)
    info = subprocess.run(['pdfinfo', '-'], input=pdf, capture_output=True, check=True).stdout.decode()
    assert '(A4)' in info


@pytest.mark.parametrize('scheme', ['light', 'dark'])
@pytest.mark.parametrize('path', PLOTS)
def test_a_plot_is_legible(page, path, scheme):
    shown = page(path, 'svg', scheme=scheme)
    ground = shown.run("getComputedStyle(document.querySelector('rect')).fill")
    assert (ground == 'rgb(255, 255, 255)') == (scheme == 'light')
    texts = shown.run(CONTRASTS)
    assert len(texts) > 3
    width = shown.run('document.documentElement.getBoundingClientRect().width')
    for contrast, text, left, right in texts:
        assert contrast >= 4.5, (text, contrast)
        assert left >= 0 and right <= width, (text, left, right, width)
    assert shown.errors == [] and len(shown.fetched) == 1


def test_a_plot_has_a_title_and_a_text(chromium, demo, axe):
    """Axe looks at it as part of a page."""
    reader = harness.Client(demo, demo.reader)
    plots = [reader.get(f'{path}{"&" if "?" in path else "?"}format=svg').expect(200).body.decode() for path in PLOTS[:4]]
    shown = Page(chromium).open('about:blank')
    frame = shown.call('Page.getFrameTree')['frameTree']['frame']['id']
    shown.call('Page.setDocumentContent', frameId=frame, html=(
        f'<!DOCTYPE html><html lang="en"><title>Plots</title><main><h1>Plots</h1>{"".join(plots)}</main></html>'))
    assert found(shown, axe) == []
    assert shown.run("[...document.querySelectorAll('svg')].every(s => s.querySelector('title').textContent && "
                     "s.querySelector('desc').textContent.length > 20)")
    shown.close()


def test_docs(chromium, demo, redoc, axe):
    shown = Page(chromium).open(f'{demo.url}/docs')
    if redoc:
        ready = '''new Promise((done, late) => { const since = Date.now(); const look = () =>
            document.querySelector('h1') ? done(document.querySelector('h1').textContent)
            : Date.now() - since > 30000 ? late('no heading') : setTimeout(look, 50); look(); })'''
        assert 'reviewd' in shown.run(ready).lower()
        assert shown.run('document.querySelectorAll("[data-section-id]").length') > 50
        assert all(url.startswith((demo.url, 'data:', 'blob:')) for url in shown.fetched), shown.fetched
        shown.run(axe)
        judged = shown.run(JUDGED)
        assert grave(judged['violations']) == []
        assert len(judged['contrasts']) > 100
        assert [one for one in judged['contrasts'] if one[0] < one[1]] == []
    else:
        assert found(shown, axe) == []
    assert shown.errors == []
    shown.close()


def test_the_plain_docs(chromium, axe):
    with_none = harness.Daemon(env={'REVIEWD_DOCS_BUNDLE': '/nowhere'}).start()
    try:
        shown = Page(chromium).open(f'{with_none.url}/docs')
        assert found(shown, axe) == [] and shown.errors == []
        shown.close()
        with_none.stop()
    finally:
        with_none.discard()
