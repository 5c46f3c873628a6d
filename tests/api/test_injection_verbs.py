"""The texts of test_injection.py, given to verbs and to PATCH: they come back as they were, and are text in the minutes."""

import pytest

import openapi
from documents import document
from support import shared, walk  # noqa: F401
from test_injection import TEXTS, Elements, fitted, has_text, is_text, resolved, with_texts

REASON_MAX = 2000


@pytest.fixture(autouse=True)
def nothing_is_carried(shared):  # noqa: F811
    """No action item is left for the reviews of the next test."""
    yield
    for item in walk(shared.isms.client, '/v1/action-items?status=open,in_progress,blocked,completed&limit=200'):
        shared.cancelled_item(item)


def verbs(org):
    """Each verb that takes a reason: {its schema: (the record, its path, the verb, what else it wants, where it is shown)}.

    None where the reason is shown to who may read the audit log, in another place."""
    concluded = org.concluded(org.running_review())
    running = org.running_review()
    one = org.new(f'/v1/reviews/{running["id"]}/attendees', org.attendee_body(person_id=org.head2.id))
    proposed = [org.decision(running) for _ in range(2)]
    adopted, other = org.adopted(running), org.adopted(running)
    item, blocked = org.action_item(adopted), org.action_item(adopted)
    person = org.person(email=f'verb-{running["reference"].lower()}@example.org')
    file = org.attach(f'/v1/action-items/{item["id"]}')
    yield 'AttendeeWithdraw', f'/v1/attendees/{one["id"]}', 'withdraw', {}, 'withdrawn_reason'
    yield 'InputWithdraw', f'/v1/inputs/{org.input(running)["id"]}', 'withdraw', {}, 'withdrawn_reason'
    yield 'DecisionReject', f'/v1/decisions/{proposed[0]["id"]}', 'reject', {}, 'status_reason'
    yield 'DecisionWithdraw', f'/v1/decisions/{proposed[1]["id"]}', 'withdraw', {}, 'status_reason'
    yield 'AttachmentWithdraw', f'/v1/attachments/{file["id"]}', 'withdraw', {}, 'withdrawn_reason'
    yield 'ActionItemBlock', f'/v1/action-items/{blocked["id"]}', 'block', {}, 'status_reason'
    yield 'ActionItemCancel', f'/v1/action-items/{item["id"]}', 'cancel', {'approved_by_id': org.top2.id}, 'status_reason'
    yield 'DecisionSupersede', f'/v1/decisions/{adopted["id"]}', 'supersede', {'by': other['id']}, 'status_reason'
    yield 'ReviewCancel', f'/v1/reviews/{org.review()["id"]}', 'cancel', {}, 'cancel_reason'
    yield 'ReviewReopen', f'/v1/reviews/{concluded["id"]}', 'reopen', {}, 'reopen_reason'
    for schema, verb in (('PersonHold', 'hold'), ('PersonRelease', 'release'), ('PersonErase', 'erase')):
        yield schema, f'/v1/people/{person["id"]}', verb, {}, None


@pytest.mark.parametrize('name', TEXTS)
def test_reasons_come_back_as_they_were(shared, name):  # noqa: F811
    text = TEXTS[name].ljust(40, '.')[:REASON_MAX]
    seen = set()
    for schema, path, verb, more, shown in verbs(shared):
        by = shared.top if schema == 'ReviewReopen' else shared.isms
        record = shared.do(f'{path}/{verb}', {'reason': text, **more}, by=by)
        seen.add(schema)
        if shown:
            assert record[shown] == shared.get(path)[shown] == text, schema
        else:
            sealed = shared.isms.client.get(f'{path}/sealed-history?limit=1').expect(200).json['data'][0]
            assert text in [opening['value'] for opening in sealed['openings']], schema
    schemas = openapi.description()['components']['schemas']
    assert seen == {one for one, schema in schemas.items() if set(schema.get('properties', {})) & {'reason'} and
                    not one.endswith(('Create', 'Change')) and 'id' not in schema['properties']}


@pytest.mark.parametrize('name', TEXTS)
def test_what_a_conclusion_says_is_text_in_the_minutes(shared, name):  # noqa: F811
    text = TEXTS[name]
    review = shared.concludable()
    assessment = {'verdict': 'yes', 'rationale': text[:500]}
    review = shared.conclude(review, suitability=assessment, adequacy=assessment, effectiveness=assessment, summary=text[:50_000])
    assert review['summary'] == text[:50_000] and review['adequacy']['rationale'] == text[:500]
    page = Elements(document(shared.isms.client, review, 'html').body.decode())
    assert not page.names & {'script', 'img', 'iframe', 'object', 'form', 'input', 'link', 'base'}
    assert not [one for one in page.attributes if one.startswith('on') or one in ('src', 'srcdoc')]
    assert 'mean' in page.text


@pytest.mark.parametrize('name', TEXTS)
def test_a_change_says_it_too(shared, name):  # noqa: F811
    """PATCH takes what POST takes, member by member."""
    review = shared.running_review()
    records = {'Review': ('reviews', review), 'Input': ('inputs', shared.input(review)),
               'Decision': ('decisions', shared.decision(review)),
               'ActionItem': ('action-items', shared.action_item(shared.adopted(review)))}
    for kind, (collection, record) in records.items():
        schema = resolved(openapi.description()['components']['schemas'][f'{kind}Change'])
        guarded = {'no_action_reason'} | ({'success_criteria'} if kind == 'ActionItem' else set())
        for member, body in with_texts(schema, {}, TEXTS[name], f'{kind}Change').items():
            if member in guarded or not (is_text(member, resolved(schema['properties'][member])) or
                                         has_text(resolved(schema['properties'][member]))):
                continue
            changed = shared.change(f'/v1/{collection}/{record["id"]}', {member: body})
            if isinstance(body, str):
                assert changed[member] == fitted(TEXTS[name], resolved(schema['properties'][member]), f'{kind}Change.{member}')
