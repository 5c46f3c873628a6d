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

# The documents of the organisation that `reviewd demo` makes: with the pages that each takes on paper.
DOCUMENTS = {
    '/v1/reviews/MR-2025-01/agenda': 2, '/v1/reviews/MR-2025-01/minutes': 12, '/v1/reviews/MR-2026-01/minutes': 12,
    '/v1/reviews/MR-2026-02/agenda': 2, '/v1/reviews/MR-2026-02/minutes': 5,
}
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
    violations = page.run('axe.run(document, {resultTypes: ["violations"]}).then(r => r.violations)')
    return [f'{one["impact"]} {one["id"]}: {node["html"]}' for one in violations for node in one['nodes']
            if one['impact'] in ('serious', 'critical')]


def pages_of(pdf):
    done = subprocess.run(['pdftotext', '-layout', '-', '-'], input=pdf, capture_output=True, check=True)
    return done.stdout.decode().split('\f')[:-1]


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
    pdf = page(path).print()
    texts = pages_of(pdf)
    assert abs(len(texts) - DOCUMENTS[path]) <= (DOCUMENTS[path] > 2), len(texts)
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
