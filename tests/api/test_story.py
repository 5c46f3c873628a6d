"""The main job, as a company lives it: two management reviews of ISO/IEC 27001:2022, clause 9.3, all that is decided in
them and done after them, and a third to come. The steps stand in deploy/demo.json, each with a sentence that says why.
"""

import json
from collections import Counter
from datetime import date

from player import Player, load, records_held, records_made

TODAY = date(2026, 11, 21)
FIRST_APPROVED, SECOND_OPENED, SECOND_APPROVED = -306, -140, -136
CLAUSES = ['a', 'b', 'c', 'd1', 'd2', 'd3', 'd4', 'e', 'f', 'g']

ASA, TOMASZ, JANA, PRIYA, SOREN, MEHMET, RAGNHILD = (f'{name}@brueckner.example' for name in (
    'asa.lindqvist', 'tomasz.wojcik', 'jana.stastna', 'priya.raghunathan', 'soren.kjaergaard', 'mehmet.yildiz',
    'ragnhild.bjornstad'))

OVERDUE_TODAY = [
    'Suppliers\' privileged accounts in the quarterly access review',
    'Restore tests for all fourteen critical systems',
    'Secure coding course for all developers',
]


def test_two_management_reviews_and_what_became_of_them(daemon_at):
    told = Player(load(), TODAY)
    daemon = daemon_at(told.first_morning())
    told.admit(daemon)

    told.play(until=FIRST_APPROVED)
    the_first_review_was_held_to_every_rule_and_approved(told)

    told.play(until=SECOND_OPENED)
    the_second_review_revisited_what_the_first_had_left_open(told)

    told.play(until=SECOND_APPROVED)
    assert told.get('/v1/reviews/{mr2}')['status'] == 'approved'

    told.play()
    the_answers_were_kept_apart_by_who_may_read(told)
    commitments_were_moved_only_with_reason_and_approval(told)
    what_did_not_work_was_found_out_and_done_again(told)
    today_some_is_closed_and_some_is_late(told)
    every_decision_stands_where_its_work_left_it(told)
    the_next_review_knows_what_it_has_to_revisit(told)
    nothing_is_lost_and_nobody_has_tampered(told)


def the_first_review_was_held_to_every_rule_and_approved(told):
    review = told.get('/v1/reviews/{mr1}')
    asa, tomasz = (told.get(f'/v1/people/{email}')['id'] for email in (ASA, TOMASZ))
    assert (review['status'], review['revision']) == ('approved', 1)
    assert (review['concluded_by'], review['approved_by'], review['chair_id']) == (tomasz, asa, asa)
    assert (review['held_on'], review['next_review_on']) == (told.date(-310), told.date(-140))
    assert review['concluded_at'].startswith(told.date(-307)) and review['approved_at'].startswith(told.date(-306))
    assert [review[quality]['verdict'] for quality in ('suitability', 'adequacy', 'effectiveness')] == [
        'yes', 'with_reservations', 'with_reservations']

    inputs = told.get('/v1/reviews/{mr1}/inputs')['data']
    assert [one['clause'] for one in inputs] == CLAUSES
    assert [one['clause'] for one in inputs if one['state'] == 'nothing_to_report'] == ['c']
    assert all(one['state'] == 'considered' and one['conclusion'] for one in inputs if one['clause'] != 'c')
    measured = next(one for one in inputs if one['clause'] == 'd2')
    assert [metric['on_target'] for metric in measured['metrics']] == [False, True, True, False]

    # What readiness said on the day is what conclude had refused a moment before.
    refused = told.answers('POST', '/v1/reviews/{mr1}/conclude')[0]
    readiness = told.answers('GET', '/v1/reviews/{mr1}/readiness')[0].json
    assert (readiness['verb'], readiness['ready']) == ('conclude', False)
    assert {violation['rule'] for violation in readiness['violations']} == refused.rules
    assert [(one['clause'], one['inputs'], one['covered']) for one in readiness['clauses']] == [
        (clause, 1, clause != 'g') for clause in CLAUSES]
    assert readiness['carried_action_items'] == []

    attended = told.get('/v1/reviews/{mr1}/attendees')['data']
    assert Counter(one['attendance'] for one in attended) == {'attended': 8}, 'the invitation taken back is not listed'
    assert 'Åsa Lindqvist' in [one['name_at_review'] for one in attended]


def the_second_review_revisited_what_the_first_had_left_open(told):
    left_open = ['act_restore_alert', 'act_restore_all', 'act_leavers_link', 'act_zones', 'act_gateway', 'act_exercise',
                 'act_soa', 'act_sbom_portal']
    carried = told.answers('GET', '/v1/reviews/{mr2}/carried-action-items')[0].json['data']
    assert {item['id'] for item in carried} == {told.saved[name] for name in left_open}

    before, after = (answer.json for answer in told.answers('GET', '/v1/reviews/{mr2}/readiness'))
    overdue = [item['id'] for item in before['carried_action_items'] if item['overdue']]
    assert overdue == [told.saved['act_leavers_link']]
    assert [item['followed_up'] for item in before['carried_action_items']] == [False] * len(left_open)
    assert 'review.conclude.carried_action_items' in {violation['rule'] for violation in before['violations']}
    assert [item['followed_up'] for item in after['carried_action_items']] == [True] * len(left_open)
    assert (after['verb'], after['ready'], after['violations']) == ('conclude', True, [])

    exercise = told.get('/v1/action-items/{act_exercise}')
    assert (exercise['status'], exercise['closed_on']) == ('closed', told.date(SECOND_OPENED))
    revisits = told.get('/v1/follow-ups?review_id={mr2}')['data']
    assert {one['action_item_id'] for one in revisits} == {told.saved[name] for name in left_open}

    guest = next(one for one in told.get('/v1/reviews/{mr2}/attendees')['data'] if one['delegate_for_id'])
    assert guest['name_at_review'] == 'Nguyễn Minh Anh'


def the_answers_were_kept_apart_by_who_may_read(told):
    mine, everyones = (told.get('/v1/action-items?count=true', by=email)['total']
                       for email in ('lucia.ibanez@brueckner.example', JANA))
    assert mine < everyones
    told.clients[MEHMET].get('/v1/people').expect(401)      # his account was closed when he left
    told.clients[RAGNHILD].post('/v1/reviews', {}).expect(403, 'access.role', also=True)


def commitments_were_moved_only_with_reason_and_approval(told):
    restores = told.get('/v1/action-items/{act_restore_all}')
    assert (restores['original_deadline'], restores['deadline']) == (told.date(-200), told.date(-40))
    assert restores['extension_count'] == 3
    amendments = told.get('/v1/action-items/{act_restore_all}/amendments')['data']
    assert sorted(one['after']['deadline'] for one in amendments) == [told.date(-150), told.date(-100), told.date(-40)]

    soren = told.get(f'/v1/people/{SOREN}')['id']
    for inherited in ('act_restore_alert', 'act_zones'):
        assert told.get(f'/v1/action-items/{{{inherited}}}')['owner_id'] == soren
    assert told.get(f'/v1/people/{MEHMET}')['active'] is False

    gateway = told.get('/v1/action-items/{act_gateway}')
    assert [(one['id'], one['target']) for one in gateway['success_criteria']] == [('c1', 100), ('c2', 0)]

    decision = told.get('/v1/decisions/{dec_restore}')
    assert (decision['original_deadline'], decision['deadline']) == (told.date(-90), told.date(-25))


def what_did_not_work_was_found_out_and_done_again(told):
    failed = told.get('/v1/follow-ups?kind=effectiveness&outcome=not_effective,partially_effective')['data']
    assert Counter(one['action_item_id'] for one in failed) == {
        told.saved[name]: 1 for name in ('act_restore_alert', 'act_leavers_link', 'act_priv_routine')}

    alarm = told.answers('GET', '/v1/action-items/{act_restore_alert}/follow-ups')[0].json['data']
    assert [one['outcome'] for one in sorted(alarm, key=lambda one: one['performed_on'])] == [
        'on_track', 'completed', 'not_effective', 'on_track', 'completed', 'effective']
    measured = {one['outcome']: {result['criterion_id']: result for result in one['criteria_results']} for one in alarm}
    assert (measured['not_effective']['c1']['measured_value'], measured['not_effective']['c1']['met']) == (1, False)
    assert (measured['effective']['c1']['measured_value'], measured['effective']['c1']['met']) == (2, True)

    history = told.get('/v1/action-items/{act_restore_alert}/history?limit=200')['data']
    assert [one['version'] for one in history] == list(range(len(history), 0, -1))
    states = [one['changes']['status'] for one in reversed(history) if one['changes'].get('status')]
    assert states == ['open', 'in_progress', 'completed', 'in_progress', 'completed', 'closed']

    # Sent twice under one key, kept once.
    sent = [answer for step, answer in told.told if 'Idempotency-Key' in step.get('headers', {})]
    assert [answer.headers['Idempotent-Replayed'] for answer in sent] == [None, 'true']
    assert sent[0].body == sent[1].body

    # A report that was wrong stays, with the one that replaces it.
    corrections = [one for one in told.get('/v1/action-items/{act_zones}/follow-ups')['data'] if one['supersedes_id']]
    assert [one['supersedes_id'] for one in corrections] == [told.saved['fu_zones_wrong']]


def today_some_is_closed_and_some_is_late(told):
    items = told.get('/v1/action-items?limit=200')['data']
    assert Counter(item['status'] for item in items) == {
        'closed': 12, 'in_progress': 5, 'completed': 2, 'blocked': 1, 'open': 1, 'cancelled': 1}
    overdue = told.answers('GET', '/v1/action-items?overdue=true&sort=deadline&count=true')[0].json
    assert [(item['title'], item['days_overdue']) for item in overdue['data']] == list(zip(OVERDUE_TODAY, (60, 40, 20)))
    assert overdue['total'] == len(OVERDUE_TODAY)
    assert {item['title'] for item in items if item['overdue']} == set(OVERDUE_TODAY)

    # One of the closed was late as well: completed a week after its deadline.
    assessment = told.get('/v1/action-items/{act_assessment}')
    assert (assessment['status'], assessment['deadline']) == ('closed', told.date(-180))
    assert assessment['completed_on'] == told.date(-173)


def every_decision_stands_where_its_work_left_it(told):
    decisions = told.get('/v1/decisions?limit=200')['data']
    assert Counter(one['status'] for one in decisions) == {
        'adopted': 7, 'implemented': 2, 'rejected': 1, 'superseded': 1, 'withdrawn': 1}
    assert {one['id'] for one in decisions if one['status'] == 'implemented'} == {
        told.saved['dec_leavers'], told.saved['dec_scope']}
    assert told.get('/v1/decisions/{dec_sbom}')['superseded_by_id'] == told.saved['dec_secure_dev']


def the_next_review_knows_what_it_has_to_revisit(told):
    statuses = [told.get(f'/v1/reviews/{{{name}}}')['status'] for name in ('mr1', 'mr2', 'mr3')]
    assert statuses == ['approved', 'approved', 'planned']

    uninvited, readiness = (answer.json for answer in told.answers('GET', '/v1/reviews/{mr3}/readiness'))
    assert (uninvited['verb'], uninvited['ready']) == ('start', False)
    assert [violation['rule'] for violation in uninvited['violations']] == ['review.start.attendees']
    assert (readiness['verb'], readiness['ready'], readiness['violations']) == ('start', True, [])
    assert [(one['clause'], one['inputs'], one['considered']) for one in readiness['clauses']] == [
        (clause, 1, 0) for clause in CLAUSES]

    to_revisit = {item['id']: item for item in told.get('/v1/action-items?limit=200')['data']
                  if item['status'] not in ('closed', 'cancelled')}
    assert {item['id']: (item['reference'], item['overdue'], item['followed_up'])
            for item in readiness['carried_action_items']} == {
        item['id']: (item['reference'], item['overdue'], False) for item in to_revisit.values()}
    carried = told.answers('GET', '/v1/reviews/{mr3}/carried-action-items')[0].json['data']
    assert {item['id'] for item in carried} == to_revisit.keys()


def nothing_is_lost_and_nobody_has_tampered(told):
    assert records_held(told.clients[JANA]) == records_made(told.story)

    verified = told.daemon.cli('audit', 'verify', '--json')
    head = told.get('/v1/audit-log/head', by=RAGNHILD)
    assert head['hash'] in json.dumps(json.loads(verified.stdout))
    writes = [step for step, _ in told.told if step['method'] != 'GET' and step['status'] < 300]
    assert head['seq'] > len(writes)
