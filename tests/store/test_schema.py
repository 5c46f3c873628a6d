"""What the database holds by itself, whatever program writes to it: contract, section 2, second paragraph.

The daemon makes a life of records; then it is gone, and each attempt is made on its file as with the sqlite3 shell,
inside a transaction that is rolled back.
"""

import sqlite3
import sys
from contextlib import contextmanager
from pathlib import Path
from types import SimpleNamespace

import pytest

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / 'api'))

from harness import Daemon, seed  # noqa: E402
from support import ABSENT_ID, database, whole_life  # noqa: E402

TABLES = ('person', 'review', 'attendee', 'input', 'decision', 'action_item', 'amendment', 'follow_up', 'token',
          'calendar_token', 'attachment', 'import')
APPEND_ONLY = ('audit_log', 'version', 'amendment', 'follow_up', 'content', 'content_chunk')
NO_CONSTRAINT = 'the schema let it pass'

# The record of whole_life() that is copied or changed where the table is meant.
RECORD_OF = {'review': 'planned', 'decision': 'proposed', 'action_item': 'item'}

# What must differ in a second record of the kind.
COPY = {
    'person': {'email': 'copy@example.org'}, 'review': {'reference': 'MR-2001-77'},
    'decision': {'reference': 'DEC-2001-777'}, 'action_item': {'reference': 'ACT-2001-7777'},
    'attendee': {'person_id': '{outsider}'},
}


@pytest.fixture(scope='module')
def world():
    """The database of a life that is over, and the records by their names."""
    daemon = Daemon()
    org = seed(daemon.start())
    records = whole_life(org)
    records['calendar_token'] = org.new('/v1/calendar-tokens', {'label': 'Telephone'})
    org.get('/v1/attachments?q=scan')      # takes the words of the last record into their index, as changes want it
    daemon.stop()
    db = database(daemon.data)
    yield SimpleNamespace(db=db, data=daemon.data, top=org.top, outsider=org.auditor.id, records=records,
                          tokens=[person.token for person in org.people])
    db.close()
    daemon.discard()


@contextmanager
def rolled_back(world):
    world.db.execute('BEGIN')
    try:
        yield world.db
    finally:
        if world.db.in_transaction:
            world.db.execute('ROLLBACK')


def record_of(world, table):
    """The row of a table that is known to be open to changes; a token is any token."""
    if table == 'token':
        return dict(world.db.execute('SELECT * FROM token LIMIT 1').fetchone())
    record_id = world.records[RECORD_OF.get(table, table)]['id']
    return dict(world.db.execute(f'SELECT * FROM "{table}" WHERE id = ?', [record_id]).fetchone())


def insert(db, table, row, verb='INSERT'):
    names = ', '.join(f'"{name}"' for name in row)
    db.execute(f'{verb} INTO "{table}" ({names}) VALUES ({", ".join("?" * len(row))})', list(row.values()))


def copied(world, table, **changes):
    """Puts a second record beside the known one, with changes."""
    row = record_of(world, table) | {'id': ABSENT_ID} | COPY.get(table, {}) | changes
    row.pop('key', None)
    for name, value in row.items():
        if isinstance(value, str):
            row[name] = value.replace('{outsider}', world.outsider)
    insert(world.db, table, row)


def changed(world, table, record_id, **changes):
    """Updates a record as the daemon does, with its next version."""
    sets = ', '.join(f'"{name}" = ?' for name in changes)
    done = world.db.execute(f'UPDATE "{table}" SET {sets}, version = version + 1 WHERE id = ?',
                            [*changes.values(), record_id])
    assert done.rowcount == 1


# ---- shape


def test_the_database_is_whole(world):
    assert world.db.execute('PRAGMA integrity_check').fetchone()[0] == 'ok'
    assert world.db.execute('PRAGMA foreign_key_check').fetchall() == []
    assert world.db.execute('PRAGMA journal_mode').fetchone()[0] == 'wal'


@pytest.mark.parametrize('table', [*TABLES, 'audit_log', 'version', 'idempotency', 'content', 'content_chunk',
                                   'content_total'])
def test_tables_are_strict(world, table):
    row = world.db.execute('SELECT strict FROM pragma_table_list WHERE name = ?', [table]).fetchone()
    assert row and row['strict'] == 1


def test_no_token_is_in_the_file(world):
    """Only its hash is kept: neither the file nor what lies beside it has the text of one."""
    for path in Path(world.data).iterdir():
        content = path.read_bytes() if path.is_file() else b''
        assert not any(token.encode() in content or token.removeprefix('rvd_').encode() in content
                       for token in world.tokens), path


@pytest.mark.parametrize('table', TABLES)
def test_the_copy_alone_is_no_offence(world, table):
    """Or the refusals below would prove nothing."""
    with rolled_back(world):
        copied(world, table)


# ---- what must be there

REQUIRED = {
    'person': 'name email role external active',
    'review': 'reference title type scope period_start period_end planned_on chair_id classification status revision',
    'attendee': 'review_id person_id capacity attendance name_at_review',
    'input': 'review_id clause title state',
    'decision': 'review_id reference kind title statement rationale input_ids decided_by_id owner_id action_required '
                'status',
    'action_item': 'decision_id review_id reference kind title owner_id deadline success_criteria priority status '
                   'original_deadline',
    'amendment': 'reason approved_by_id before after',
    'follow_up': 'action_item_id kind performed_by_id performed_on note outcome',
    'token': 'person_id label', 'attachment': 'review_id name media_type size sha256 withdrawn',
    'calendar_token': 'person_id label status',
}


@pytest.mark.parametrize('table, column', [(table, column) for table, columns in REQUIRED.items()
                                           for column in ['id', 'version', 'created_at', *columns.split()]])
def test_required_columns(world, table, column):
    with rolled_back(world), pytest.raises(sqlite3.IntegrityError, match='NOT NULL'):
        copied(world, table, **{column: None})
        pytest.fail(NO_CONSTRAINT)


# ---- what it may be

ENUMS = {
    'person': ('role',), 'review': ('type', 'classification', 'status'), 'attendee': ('capacity', 'attendance'),
    'input': ('clause', 'trend', 'severity', 'state'), 'decision': ('kind', 'status'),
    'action_item': ('kind', 'priority', 'status'), 'follow_up': ('kind', 'outcome'),
}


@pytest.mark.parametrize('table, column', [(table, column) for table, columns in ENUMS.items() for column in columns])
@pytest.mark.parametrize('value', ['nonsense', ''])
def test_enums(world, table, column, value):
    with rolled_back(world), pytest.raises(sqlite3.IntegrityError, match='CHECK'):
        copied(world, table, **{column: value})
        pytest.fail(NO_CONSTRAINT)


FOREIGN_DECISION = '["01890a5d-ac96-774b-bcce-b302099a8057"]'

# table, what is written, which kind of constraint says no
OFFENCES = [
    # Lengths and formats.
    ('person', {'name': ''}, 'CHECK'), ('person', {'name': 'x' * 201}, 'CHECK'), ('person', {'email': ''}, 'CHECK'),
    ('person', {'email': 'nobody'}, 'CHECK'), ('person', {'active': 2}, 'CHECK'),
    ('person', {'id': 'short'}, 'CHECK'), ('person', {'version': 0}, 'CHECK'),
    ('person', {'created_at': 'now'}, 'CHECK'),
    ('review', {'title': ''}, 'CHECK'), ('review', {'scope': ''}, 'CHECK'), ('review', {'planned_on': 'soon'}, 'CHECK'),
    ('review', {'reference': 'DEC-2026-001'}, 'CHECK'), ('review', {'revision': 0}, 'CHECK'),
    ('input', {'title': ''}, 'CHECK'), ('decision', {'title': ''}, 'CHECK'), ('decision', {'statement': ''}, 'CHECK'),
    ('action_item', {'title': ''}, 'CHECK'), ('action_item', {'progress_percent': 101}, 'CHECK'),
    ('action_item', {'extension_count': -1}, 'CHECK'), ('amendment', {'reason': 'short'}, 'CHECK'),
    ('follow_up', {'note': ''}, 'CHECK'), ('follow_up', {'progress_percent': -1}, 'CHECK'),
    # Types: the tables are strict.
    ('person', {'version': 'one'}, 'cannot store'), ('input', {'position': 'first'}, 'cannot store'),
    # One of a kind.
    ('person', {'email': 'top@example.org'}, 'exists'), ('person', {'email': 'TOP@Example.ORG'}, 'exists'),
    ('review', {'reference': '{reference}'}, 'exists'), ('attendee', {'person_id': '{attending}'}, 'UNIQUE'),
    ('attendee', {'capacity': 'chair'}, 'UNIQUE'),
    # What goes together in a review.
    ('review', {'period_start': '2026-02-01', 'period_end': '2026-01-31'}, 'CHECK'),
    ('review', {'type': 'extraordinary'}, 'CHECK'), ('review', {'trigger': 'other'}, 'CHECK'),
    ('review', {'type': 'extraordinary', 'trigger': 'boredom'}, 'CHECK'),
    ('review', {'status': 'concluded'}, 'CHECK'), ('review', {'status': 'approved'}, 'CHECK'),
    ('review', {'status': 'cancelled'}, 'CHECK'),
    # … in an input …
    ('input', {'clause': 'a', 'severity': 'major'}, 'CHECK'), ('input', {'summary': None}, 'CHECK'),
    ('input', {'conclusion': None}, 'CHECK'), ('input', {'trend': None}, 'CHECK'), ('input', {'source': None}, 'CHECK'),
    ('input', {'state': 'nothing_to_report', 'summary': 'None'}, 'CHECK'),
    ('input', {'source': '{"period_end":"2026-01-31","period_start":"2026-02-01","system":"X"}'}, 'CHECK'),
    # … in a decision …
    ('decision', {'success_criteria': '[]'}, 'CHECK'), ('decision', {'success_criteria': None}, 'CHECK'),
    ('decision', {'success_criteria': 'none'}, 'CHECK|malformed'), ('decision', {'deadline': None}, 'CHECK'),
    ('decision', {'input_ids': '[]'}, 'CHECK'), ('decision', {'input_ids': FOREIGN_DECISION}, 'FOREIGN KEY'),
    ('decision', {'action_required': 0, 'no_action_reason': None}, 'CHECK'),
    ('decision', {'kind': 'no_change'}, 'CHECK'), ('decision', {'kind': 'isms_change', 'affects': None}, 'CHECK'),
    ('decision', {'status': 'adopted', 'decided_on': None}, 'CHECK'), ('decision', {'status': 'superseded'}, 'CHECK'),
    # … in an action item …
    ('action_item', {'success_criteria': '[]'}, 'CHECK'), ('action_item', {'root_cause': None}, 'CHECK'),
    ('action_item', {'status': 'completed', 'completed_on': None}, 'CHECK'),
    ('action_item', {'status': 'closed'}, 'CHECK'), ('action_item', {'status': 'cancelled'}, 'CHECK'),
    ('action_item', {'predecessor_id': ABSENT_ID}, 'CHECK'),      # the id of the copy itself
    # … and in what is said of it later.
    ('amendment', {'owner_id': None, 'deadline': None, 'success_criteria': None}, 'CHECK'),
    ('amendment', {'decision_id': None, 'action_item_id': None}, 'CHECK'),
    ('amendment', {'owner_id': '{approver}'}, 'CHECK'),
    ('follow_up', {'outcome': 'effective'}, 'CHECK'), ('follow_up', {'kind': 'completion'}, 'CHECK'),
    ('follow_up', {'next_follow_up_on': None}, 'CHECK'),
    # Files: one place, a name without folders, in the review of what they hang from.
    ('attachment', {'name': ''}, 'CHECK'), ('attachment', {'name': 'x' * 256}, 'CHECK'),
    ('attachment', {'name': 'a/b'}, 'CHECK'), ('attachment', {'name': 'a\\b'}, 'CHECK'),
    ('attachment', {'size': 0}, 'CHECK'), ('attachment', {'sha256': 'abc'}, 'CHECK'),
    ('attachment', {'withdrawn': 1}, 'CHECK'), ('attachment', {'withdrawn_reason': 'Why'}, 'CHECK'),
    ('attachment', {'decision_id': '{decision}'}, 'CHECK'), ('attachment', {'size': 'big'}, 'cannot store'),
    ('attachment', {'review_id': '{planned}'}, 'another review'),
    ('attachment', {'action_item_id': None, 'decision_id': '{decision}', 'review_id': '{planned}'}, 'another review'),
    ('attachment', {'action_item_id': None, 'follow_up_id': '{follow_up}', 'review_id': '{planned}'},
     'another review'),
    # What hangs from a frozen review itself is frozen.
    ('attachment', {'action_item_id': None, 'review_id': '{concluded}'}, 'frozen'),
]


@pytest.mark.parametrize('table, changes, constraint', OFFENCES, ids=[f'{table} {changes}'[:70] for table, changes, _
                                                                      in OFFENCES])
def test_what_a_row_may_not_hold(world, table, changes, constraint):
    known = {'{reference}': world.records['review']['reference'], '{attending}': world.top.id,
             '{approver}': world.records['amendment']['approved_by_id'],
             **{f'{{{name}}}': world.records[name]['id'] for name in ('decision', 'planned', 'concluded', 'follow_up')}}
    changes = {name: known.get(value, value) for name, value in changes.items()}
    with rolled_back(world), pytest.raises((sqlite3.IntegrityError, sqlite3.OperationalError), match=constraint):
        copied(world, table, **changes)
        pytest.fail(NO_CONSTRAINT)


# ---- references

REFERENCES = {
    'review': 'chair_id created_by', 'attendee': 'review_id person_id delegate_for_id',
    'input': 'review_id presenter_id', 'decision': 'review_id decided_by_id owner_id superseded_by_id',
    'action_item': 'review_id decision_id owner_id predecessor_id cancel_approved_by_id',
    'amendment': 'action_item_id approved_by_id owner_id',
    'follow_up': 'action_item_id performed_by_id review_id supersedes_id', 'token': 'person_id',
    'attachment': 'created_by',
}


@pytest.mark.parametrize('table, column', [(table, column) for table, columns in REFERENCES.items()
                                           for column in columns.split()])
def test_references_lead_somewhere(world, table, column):
    nobody = ABSENT_ID[:-1] + '8'      # not that of the copy itself
    together = {'superseded_by_id': {'status': 'superseded', 'decided_on': '2026-01-01'}}.get(column, {})
    with rolled_back(world), pytest.raises(sqlite3.IntegrityError, match='FOREIGN KEY'):
        copied(world, table, **{column: nobody}, **together)
        world.db.execute('COMMIT')      # where the constraint is deferred
        pytest.fail(NO_CONSTRAINT)


# ---- nothing is deleted, some things are not changed


@pytest.mark.parametrize('table', [*TABLES, 'audit_log', 'version', 'content', 'content_chunk'])
@pytest.mark.parametrize('foreign_keys', ['ON', 'OFF'])
def test_nothing_is_deleted(world, table, foreign_keys):
    """By a trigger, and not only because something still refers to it."""
    world.db.execute(f'PRAGMA foreign_keys = {foreign_keys}')
    try:
        with rolled_back(world), pytest.raises(sqlite3.IntegrityError, match='(?i)delete|append|kept'):
            world.db.execute(f'DELETE FROM "{table}"')
            pytest.fail(NO_CONSTRAINT)
    finally:
        world.db.execute('PRAGMA foreign_keys = ON')


@pytest.mark.parametrize('table', APPEND_ONLY)
def test_what_is_append_only_is_not_changed(world, table):
    """Not one column of it, not even to what it is."""
    columns = [row['name'] for row in world.db.execute(f'PRAGMA table_info("{table}")')]
    assert columns
    for column in columns:
        with rolled_back(world), pytest.raises(sqlite3.IntegrityError):
            world.db.execute(f'UPDATE "{table}" SET "{column}" = "{column}"')
            pytest.fail(f'{column}: {NO_CONSTRAINT}')


@pytest.mark.parametrize('table', APPEND_ONLY)
def test_to_replace_is_to_delete(world, table):
    """INSERT OR REPLACE takes the old row away without its DELETE trigger: it must not get that far."""
    row = dict(world.db.execute(f'SELECT * FROM "{table}" LIMIT 1').fetchone())
    with rolled_back(world), pytest.raises(sqlite3.IntegrityError):
        insert(world.db, table, row, verb='REPLACE')
        pytest.fail(NO_CONSTRAINT)


def test_a_change_is_the_next_version(world):
    """Who bypasses the daemon at least cannot pass for it by an update in place."""
    person = world.records['person']['id']
    with rolled_back(world):
        changed(world, 'person', person, name='Other')
    for sets in ("name = 'Other'", "name = 'Other', version = version + 2", 'version = version - 1'):
        with rolled_back(world), pytest.raises(sqlite3.IntegrityError):
            world.db.execute(f'UPDATE person SET {sets} WHERE id = ?', [person])
            pytest.fail(NO_CONSTRAINT)


# ---- what has ended


@pytest.mark.parametrize('table, end, change', [
    ('attendee', {'withdrawn': 1, 'withdrawn_reason': 'Ill'}, {'attendance': 'absent'}),
    ('input', {'agenda': 0, 'withdrawn': 1, 'withdrawn_reason': 'Not needed'}, {'title': 'Other'}),
    ('attachment', {'withdrawn': 1, 'withdrawn_reason': 'Not it'}, {'updated_at': '2030-01-01T00:00:00.000Z'}),
    ('decision', {'status': 'rejected'}, {'title': 'Other'}),
    ('decision', {'status': 'withdrawn'}, {'status': 'proposed'}),
    ('decision', {'status': 'superseded', 'superseded_by_id': '{decision}', 'decided_on': '2026-01-01'},
     {'owner_id': '{outsider}'}),
])
def test_what_has_ended_stays_as_it_is(world, table, end, change):
    known = {'{decision}': world.records['decision']['id'], '{outsider}': world.outsider}
    end, change = ({name: known.get(value, value) for name, value in one.items()} for one in (end, change))
    row = record_of(world, table)
    with rolled_back(world):
        changed(world, table, row['id'], **change)      # as long as it has not
    with rolled_back(world):
        changed(world, table, row['id'], **end)
        with pytest.raises(sqlite3.IntegrityError, match='withdrawn|ended'):
            changed(world, table, row['id'], **change)
            pytest.fail(NO_CONSTRAINT)


# ---- what is frozen with its review


def of_concluded(world, table):
    """The id of a row that hangs from the concluded review."""
    review = world.records['concluded']['id']
    column = 'id' if table == 'review' else 'review_id'
    return world.db.execute(f'SELECT id FROM "{table}" WHERE "{column}" = ?', [review]).fetchone()['id']


@pytest.mark.parametrize('table, column, value', [
    *(('review', column, value) for column, value in (
        ('title', 'Other'), ('scope', 'Other'), ('location', 'Other'), ('summary', 'Other'), ('also_covers', '["x"]'),
        ('classification', 'public'), ('held_on', '2026-01-01'), ('planned_on', '2026-01-01'),
        ('period_start', '2000-01-01'), ('next_review_on', '2030-01-01'), ('status', 'planned'),
        ('status', 'cancelled'), ('suitability', '{"verdict": "no", "rationale": "Changed"}'),
        ('concluded_at', '2026-01-01T00:00:00.000Z'))),
    *(('attendee', column, value) for column, value in (
        ('attendance', 'absent'), ('capacity', 'observer'), ('name_at_review', 'Other'))),
    *(('input', column, value) for column, value in (
        ('title', 'Other'), ('summary', 'Changed afterwards'), ('conclusion', 'Other'), ('state', 'prepared'),
        ('metrics', '[]'), ('position', 77))),
    *(('decision', column, value) for column, value in (
        ('title', 'Other'), ('statement', 'Other'), ('rationale', 'Other'), ('kind', 'risk_treatment'),
        ('decided_on', '2026-01-01'), ('status', 'proposed'), ('status', 'rejected'), ('status', 'withdrawn'))),
])
def test_what_is_frozen_with_its_review(world, table, column, value):
    with rolled_back(world), pytest.raises(sqlite3.IntegrityError, match='(?i)frozen|concluded|stays'):
        changed(world, table, of_concluded(world, table), **{column: value})
        pytest.fail(NO_CONSTRAINT)


@pytest.mark.parametrize('table', ['attendee', 'input', 'decision'])
def test_nothing_is_added_to_a_frozen_review(world, table):
    concluded, row = world.records['concluded']['id'], record_of(world, table)
    with rolled_back(world), pytest.raises(sqlite3.IntegrityError, match='(?i)frozen|concluded'):
        copied(world, table, review_id=concluded)
        pytest.fail(NO_CONSTRAINT)
    with rolled_back(world), pytest.raises(sqlite3.IntegrityError):
        changed(world, table, row['id'], review_id=concluded)      # nor moved there
        pytest.fail(NO_CONSTRAINT)
    with rolled_back(world), pytest.raises(sqlite3.IntegrityError):
        changed(world, table, of_concluded(world, table), review_id=row['review_id'])      # nor out of it
        pytest.fail(NO_CONSTRAINT)


@pytest.mark.parametrize('along', [
    {'title': 'Other'}, {'location': 'Other'}, {'type': 'extraordinary', 'trigger': 'other'},
    {'also_covers': '["x"]'}, {'summary': 'Other'}, {'concluded_by': '{outsider}'},
])
def test_nothing_is_changed_along_with_an_approval(world, along):
    """The transition itself is free; what would be slipped in with it is not."""
    approval = {'status': 'approved', 'approved_by': world.top.id, 'approved_at': '2026-11-21T12:00:00.000Z'}
    along = {name: value.replace('{outsider}', world.outsider) for name, value in along.items()}
    with rolled_back(world):
        changed(world, 'review', world.records['concluded']['id'], **approval)
    with rolled_back(world), pytest.raises(sqlite3.IntegrityError, match='(?i)frozen|concluded'):
        changed(world, 'review', world.records['concluded']['id'], **approval, **along)
        pytest.fail(NO_CONSTRAINT)


def test_nobody_approves_what_he_concluded(world):
    concluded = world.records['concluded']
    with rolled_back(world), pytest.raises(sqlite3.IntegrityError, match='CHECK'):
        changed(world, 'review', concluded['id'], status='approved', approved_by=concluded['concluded_by'],
                approved_at='2026-11-21T12:00:00.000Z')
        pytest.fail(NO_CONSTRAINT)


@pytest.mark.parametrize('status', ['rejected', 'withdrawn'])
def test_what_a_cancelled_review_left_proposed_can_end(world, status):
    """But for that it is frozen as well, and nothing is slipped in with it."""
    review = world.records['planned']['id']
    with rolled_back(world) as db:
        copied(world, 'decision', review_id=review)
        changed(world, 'review', review, status='cancelled', cancel_reason='Merged with another')
        for along in ({'status': 'adopted', 'decided_on': '2026-01-01'}, {'title': 'Other'},
                      {'status': status, 'title': 'Other'}):
            with pytest.raises(sqlite3.IntegrityError, match='(?i)frozen'):
                db.execute('SAVEPOINT attempt')
                changed(world, 'decision', ABSENT_ID, **along)
                pytest.fail(NO_CONSTRAINT)
            db.execute('ROLLBACK TO attempt')
        changed(world, 'decision', ABSENT_ID, status=status, status_reason='Nothing comes of it')


def test_what_carries_the_decisions_out_lives_on(world):
    """Action items, follow-ups, amendments, implement and supersede under a concluded review."""
    decision, item = of_concluded(world, 'decision'), of_concluded(world, 'action_item')
    with rolled_back(world) as db:
        changed(world, 'action_item', item, status='in_progress')
        changed(world, 'decision', decision, deadline='2027-01-01', owner_id=world.outsider)
        changed(world, 'decision', decision, status='implemented')
        for table, known in (('follow_up', {'action_item_id': item}), ('amendment', {'action_item_id': item})):
            copied(world, table, **known)
        assert db.execute('SELECT status FROM decision WHERE id = ?', [decision]).fetchone()['status'] == 'implemented'


# ---- feed tokens


@pytest.mark.parametrize('changes, says', [
    ({'person_id': '{outsider}'}, 'stay'), ({'role': 'employee'}, 'stay'),
    ({'expires_at': '2099-01-01T00:00:00.000Z'}, 'stay'), ({'status': 'revoked'}, 'CHECK'),
    ({'revoked_at': '2026-01-01T00:00:00.000Z'}, 'CHECK'), ({'status': 'lost'}, 'CHECK'), ({'label': ''}, 'CHECK'),
])
def test_a_feed_token_keeps_what_it_opens(world, changes, says):
    values = {name: value.replace('{outsider}', world.outsider) for name, value in changes.items()}
    with rolled_back(world), pytest.raises(sqlite3.IntegrityError, match=says):
        changed(world, 'calendar_token', world.records['calendar_token']['id'], **values)
        pytest.fail(NO_CONSTRAINT)


def test_a_revoked_feed_token_stays_revoked(world):
    token_id = world.records['calendar_token']['id']
    with rolled_back(world), pytest.raises(sqlite3.IntegrityError, match='revoked'):
        changed(world, 'calendar_token', token_id, status='revoked', revoked_at='2026-01-01T00:00:00.000Z')
        changed(world, 'calendar_token', token_id, status='active', revoked_at=None)
        pytest.fail(NO_CONSTRAINT)


@pytest.mark.parametrize('statement', [
    'DELETE FROM calendar_secret', 'UPDATE calendar_secret SET hash = zeroblob(32)',
    "INSERT OR REPLACE INTO calendar_secret (calendar_token_id, hash) SELECT calendar_token_id, zeroblob(32) "
    'FROM calendar_secret', 'DELETE FROM calendar_token'])
def test_the_secret_of_a_feed_token_stays(world, statement):
    with rolled_back(world), pytest.raises(sqlite3.IntegrityError):
        world.db.execute(statement)
        pytest.fail(NO_CONSTRAINT)


# ---- the bytes of evidence


def test_a_file_has_its_bytes(world):
    with rolled_back(world), pytest.raises(sqlite3.IntegrityError, match='FOREIGN KEY'):
        copied(world, 'attachment', sha256='0' * 64)
        world.db.execute('COMMIT')
        pytest.fail(NO_CONSTRAINT)


@pytest.mark.parametrize('number, data', [(0, b'x'), (2, b'x'), (-1, b'x'), (1, b''), (1, b'x')])
def test_nothing_is_added_to_a_content(world, number, data):
    sha256 = world.db.execute('SELECT sha256 FROM content LIMIT 1').fetchone()['sha256']
    with rolled_back(world), pytest.raises(sqlite3.IntegrityError):
        insert(world.db, 'content_chunk', {'sha256': sha256, 'number': number, 'data': data})
        pytest.fail(NO_CONSTRAINT)


@pytest.mark.parametrize('column, value', [
    ('name', 'other.csv'), ('media_type', 'text/plain'), ('size', 7), ('sha256', '0' * 64), ('description', 'Other'),
    ('action_item_id', None), ('review_id', ABSENT_ID)])
def test_a_file_changes_only_by_being_withdrawn(world, column, value):
    with rolled_back(world), pytest.raises(sqlite3.IntegrityError, match='keeps'):
        changed(world, 'attachment', world.records['attachment']['id'], **{column: value})
        pytest.fail(NO_CONSTRAINT)


# ---- imports


@pytest.mark.parametrize('table', TABLES[:6])
def test_whether_a_record_was_imported_stays(world, table):
    record = world.records[RECORD_OF.get(table, table)]['id']
    with rolled_back(world), pytest.raises(sqlite3.IntegrityError, match='imported'):
        changed(world, table, record, imported=1)
        pytest.fail(NO_CONSTRAINT)


@pytest.mark.parametrize('over', [
    {'status': 'over'}, {'status': 'running'}, {'finished_at': None}, {'reason': 'Why'}, {'status': 'failed'},
    {'status': 'refused', 'created': 1}, {'lines': -1}, {'created': -1}, {'size': -1}, {'sha256': 'abc'}, {'name': ''},
    {'partial': 2}, {'violations': '{}'}, {'violations': '["' + '","'.join('x' * 201) + '"]'}])
def test_an_import_is_one(world, over):
    with rolled_back(world):
        copied(world, 'import')
    with rolled_back(world), pytest.raises(sqlite3.IntegrityError, match='CHECK'):
        copied(world, 'import', **over)
        pytest.fail(NO_CONSTRAINT)


@pytest.mark.parametrize('over', [
    {'size': 7}, {'sha256': '0' * 64}, {'resource': 'reviews'}, {'partial': 1}, {'name': 'other.csv'}])
def test_a_running_import_keeps_what_it_is_of(world, over):
    with rolled_back(world):
        copied(world, 'import', status='running', finished_at=None)
        changed(world, 'import', ABSENT_ID, created=1)
    with rolled_back(world), pytest.raises(sqlite3.IntegrityError, match='keeps'):
        copied(world, 'import', status='running', finished_at=None)
        changed(world, 'import', ABSENT_ID, **over)
        pytest.fail(NO_CONSTRAINT)


def test_an_import_that_is_over_stays(world):
    with rolled_back(world), pytest.raises(sqlite3.IntegrityError, match='over'):
        changed(world, 'import', world.records['import']['id'], created=7)
        pytest.fail(NO_CONSTRAINT)
