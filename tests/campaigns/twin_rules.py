"""The rules of the contract, section 2, for the twin: what a write breaks besides its shape."""

from datetime import date

from twin_shape import ARGUMENTS, CLAUSES, MEMBERS, UNKNOWN, VERBS

FORBIDDEN = {'access.role', 'review.approve.role', 'review.approve.separation', 'review.reopen.role',
             'follow_up.effectiveness.separation'}
CONFLICTS = {'person.deactivate.open_commitments', 'review.frozen', 'attendee.withdraw.chair', 'attendee.withdrawn',
             'input.withdraw.agenda', 'input.withdrawn', 'decision.implement.action_items', 'decision.ended',
             'action_item.decision.adopted', 'action_item.ended', 'amendment.not_open', 'follow_up.action_item.open',
             'follow_up.review.open', 'follow_up.effectiveness.completed', 'transition.not_allowed'}
PERFORMANCE = ('d1', 'd2', 'd3', 'd4')
FROZEN = ('concluded', 'approved', 'cancelled')
OUTCOMES = {'progress': ('on_track', 'at_risk', 'off_track'), 'completion': ('completed', 'not_completed'),
            'effectiveness': ('effective', 'partially_effective', 'not_effective')}
COMMITTED = ('owner_id', 'deadline', 'success_criteria')
HORIZON_MONTHS = 24
INTERVAL_MONTHS = 12


def status(broken):
    return 403 if broken & FORBIDDEN else 409 if broken & CONFLICTS else 422


def holds(comparator, value, target):
    """Whether the value stands to the target as it should; None where that is not known."""
    if None in (comparator, value, target):
        return None
    return {'lt': value < target, 'lte': value <= target, 'eq': value == target, 'gte': value >= target,
            'gt': value > target}[comparator]


def months_later(day, months):
    """The same day of a later month, or its last one."""
    start = date.fromisoformat(day)
    year, month = divmod(start.year * 12 + start.month - 1 + months, 12)
    for last in (start.day, 30, 29, 28):
        try:
            return date(year, month + 1, min(last, start.day)).isoformat()
        except ValueError:
            continue


def kind_of(record):
    return record['_kind']


def measured(criterion):
    return None not in (criterion['metric'], criterion['comparator'], criterion['target'])


def criterion(item, key):
    return next((one for one in item['success_criteria'] if one['id'] == key), None)


def long_enough(text, least=1):
    return isinstance(text, str) and len(text.strip()) >= least


def without_ids(value):
    if not isinstance(value, list):
        return value
    return [{name: one[name] for name in one if name not in ('id', '_bad')} if isinstance(one, dict) else one
            for one in value]


def later(first, second):
    """Whether two days are in the wrong order, as far as both are known."""
    return first is not None and second is not None and first > second


def differs(old, new):
    return without_ids(old) != without_ids(new)


def judge(model, write):
    if write.kind != 'person':
        _guarded(model, write)
    if write.verb:
        _verb(model, write)
    else:
        globals()[f'_{write.kind}'](model, write)


def _guarded(model, write):
    """No inactive person is named in anything new."""
    members = ARGUMENTS.get((write.kind, write.verb), {}) if write.verb else MEMBERS[write.kind]
    for name, member in members.items():
        value = write.given.get(name)
        if not member.guarded or not value or name in write.shape.bad:
            continue
        if write.record and write.record.get(name) == value:
            continue
        if not model.get('person', value)['active']:
            write.rules.add('reference.person.inactive')


def frozen(model, write, review):
    if review['status'] in FROZEN:
        write.rules.add('review.frozen')


# ---- verbs


def transition(write):
    """Whether the record's state knows the verb."""
    table, record = VERBS[write.kind][write.verb], write.record
    if write.kind == 'person':
        known = record['active'] is (write.verb == 'deactivate')
    else:
        known = not record['withdrawn'] if 'withdrawn' in record else record['status'] in table[0]
    if not known:
        write.rules.add('transition.not_allowed')
        return False
    return True


def _verb(model, write):
    record, kind, verb = write.record, write.kind, write.verb
    if not transition(write):
        return
    if kind in ('attendee', 'input'):
        frozen(model, write, model.get('review', record['review_id']))
        if kind == 'attendee' and record['capacity'] == 'chair':
            write.rules.add('attendee.withdraw.chair')
        elif kind == 'input' and record['agenda']:
            write.rules.add('input.withdraw.agenda')
        return
    if verb == 'deactivate':
        _leaves(model, write)
    check = globals().get(f'_{kind}_{verb}')
    if check:
        check(model, write)


def _leaves(model, write):
    """Whoever leaves owns nothing that is open."""
    person = write.record
    open_decisions = [one for one in model.where('decision', owner_id=person['id'])
                      if one['status'] == 'proposed' or one['status'] == 'adopted' and one['action_required']]
    open_items = [one for one in model.where('action_item', owner_id=person['id'])
                  if one['status'] not in ('closed', 'cancelled')]
    if person['active'] and (open_decisions or open_items):
        write.rules.add('person.deactivate.open_commitments')


def _review_start(model, write):
    review = write.record
    if not [one for one in model.attendees(review) if one['capacity'] != 'chair']:
        write.rules.add('review.start.attendees')
    if model.get('person', review['chair_id'])['role'] != 'top_management':
        write.rules.add('review.chair.top_management')


def conclude_rules(model, review):
    """What the records lack; the arguments are another matter."""
    broken = set()
    inputs = model.inputs(review)
    clauses = {one['clause'] for one in inputs}
    if set(CLAUSES) - clauses or any(one['state'] in ('pending', 'prepared') for one in inputs):
        broken.add('review.conclude.inputs')
    deciders = [one for one in model.attendees(review)
                if one['capacity'] in ('decision_maker', 'chair') and one['attendance'] == 'attended']
    if not any(model.get('person', one['person_id'])['role'] == 'top_management' for one in deciders):
        broken.add('review.conclude.top_management_present')
    decisions = model.where('decision', review_id=review['id'])
    adopted = [one for one in decisions if one['status'] in ('adopted', 'implemented')]
    if not adopted:
        broken.add('review.conclude.decision')
    if any(one['status'] == 'proposed' for one in decisions):
        broken.add('review.conclude.proposed_decisions')
    if any(one['action_required'] and not model.where('action_item', decision_id=one['id']) for one in adopted):
        broken.add('review.conclude.action_items')
    corrected = {key for one in adopted if one['kind'] == 'corrective_action' for key in one['input_ids']}
    if any(one['severity'] == 'major' and one['id'] not in corrected for one in inputs):
        broken.add('review.conclude.major_nonconformity')
    if any(not model.followed_up(item, review) for item in model.carried(review)):
        broken.add('review.conclude.carried_action_items')
    return broken


def _review_conclude(model, write):
    write.rules |= conclude_rules(model, write.record)
    held, following = write.given.get('held_on'), write.given.get('next_review_on')
    if held and held > model.today():
        write.rules.add('review.held_on.in_future')
    if held and following:
        if not held < following <= months_later(held, INTERVAL_MONTHS):
            write.rules.add('review.next_review.interval')
    if not long_enough(write.after['summary']) and write.known('summary'):
        write.rules.add('review.summary.required')


def _review_approve(model, write):
    if write.caller['id'] == write.record['concluded_by']:
        write.rules.add('review.approve.separation')


def _decision_adopt(model, write):
    review = model.get('review', write.record['review_id'])
    frozen(model, write, review)
    if review['status'] != 'in_progress':
        write.rules.add('decision.adopt.review_open')
    decided = write.given.get('decided_on')
    if decided and decided > model.today():
        write.rules.add('decision.decided_on.in_future')
    # Silent: it becomes a commitment now, so that its deadline must not have passed while it was proposed.
    if write.record['deadline'] and write.record['deadline'] < model.today():
        write.rules.add('decision.deadline.in_past')
    _decides(model, write, review, write.record['decided_by_id'])


def _decision_implement(model, write):
    items = model.where('action_item', decision_id=write.record['id'])
    if any(one['status'] not in ('closed', 'cancelled') for one in items) or not any(
            one['status'] == 'closed' for one in items):
        write.rules.add('decision.implement.action_items')


def _leads_to(model, kind, member, number, to):
    """Whether one leads to the other, or is it: rings are refused, so that each walk has an end."""
    while number and number != to:
        number = (model.get(kind, number) or {}).get(member)
    return number == to


def _decision_supersede(model, write):
    if _leads_to(model, 'decision', 'superseded_by_id', write.given.get('by'), write.record['id']):
        write.rules.add('decision.supersede.other')


def _action_item_cancel(model, write):
    approver = write.given.get('approved_by_id')
    if approver:
        if model.get('person', approver)['role'] != 'top_management' or approver == write.record['owner_id']:
            write.rules.add('action_item.cancel.approver')


# ---- creation and change


def _person(model, write):
    email = write.after['email']
    if email and any(
            one is not write.record and one['email'].lower() == email.lower() for one in model.records['person']):
        write.rules.add('person.email.unique')
    if write.record and write.record['active'] and write.after['active'] is False:
        _leaves(model, write)


def _review(model, write):
    after = write.after
    if write.record:
        frozen(model, write, write.record)
    if after['type'] == 'extraordinary' and not after['trigger'] and write.known('trigger'):
        write.rules.add('review.trigger.required')
    if after['type'] == 'scheduled' and after['trigger']:
        write.rules.add('review.trigger.unexpected')
    if later(after['period_start'], after['period_end']):
        write.rules.add('review.period.order')
    if after['chair_id'] and (not write.record or write.record['chair_id'] != after['chair_id']):
        if model.get('person', after['chair_id'])['role'] != 'top_management':
            write.rules.add('review.chair.top_management')


def _attendee(model, write):
    after, record = write.after, write.record
    review = write.parent or model.get('review', record['review_id'])
    frozen(model, write, review)
    if record and record['withdrawn']:
        write.rules.add('attendee.withdrawn')
    if not after['person_id']:
        return
    others = [one for one in model.attendees(review) if one is not record]
    if not (record and record['withdrawn']) and any(one['person_id'] == after['person_id'] for one in others):
        write.rules.add('attendee.unique')
    is_chair = after['person_id'] == review['chair_id']
    was_chair = record and record['person_id'] == review['chair_id']
    if after['capacity'] and (after['capacity'] == 'chair') != is_chair or was_chair and not is_chair:
        write.rules.add('attendee.chair.single')


def _input(model, write):
    after, record = write.after, write.record
    frozen(model, write, write.parent or model.get('review', record['review_id']))
    if record and record['withdrawn']:
        write.rules.add('input.withdrawn')
    if after['severity'] and after['clause'] and after['clause'] not in ('d1', 'd3'):
        write.rules.add('input.severity.clause')
    source = after['source']
    if source and later(source['period_start'], source['period_end']):
        write.rules.add('source.period.order')
    if after['state'] == 'nothing_to_report' and not long_enough(after['summary'], 10):
        write.rules.add('input.nothing_to_report.summary')
    if after['state'] == 'considered':
        for name in ('summary', 'conclusion'):
            if not long_enough(after[name]):
                write.rules.add(f'input.considered.{name}')
        for name in ('trend', 'source'):
            if after['clause'] in PERFORMANCE and not after[name]:
                write.rules.add(f'input.considered.{name}')


def _criteria(model, write):
    """What makes success criteria such."""
    given = write.given.get('success_criteria')
    if not given:
        return
    statements = [one['statement'].strip() for one in given if isinstance(one['statement'], str)]
    if len(statements) != len(set(statements)):
        write.rules.add('success_criteria.duplicate')
    for one in given:
        malformed = one['_bad'] & {'metric', 'comparator', 'target', 'verification'}
        if not measured(one) and not malformed and not long_enough(one['verification'], 10):
            write.rules.add('success_criteria.measurable')


def _deadline(model, write, kind):
    """A deadline, when it is set."""
    deadline = write.after['deadline']
    is_new = not write.record or write.record['deadline'] != deadline
    if deadline and is_new:
        if deadline < model.today():
            write.rules.add(f'{kind}.deadline.in_past')
        if kind == 'decision' and deadline > months_later(model.today(), HORIZON_MONTHS):
            write.rules.add('decision.deadline.horizon')
    return deadline if is_new else None


def _decides(model, write, review, person_id):
    attends = [one for one in model.attendees(review) if one['person_id'] == person_id]
    if not attends or model.get('person', person_id)['role'] != 'top_management':
        write.rules.add('decision.decided_by.decision_maker')


def _not_before_items(model, write, decision, deadline):
    """A decision is not made due before what carries it out."""
    if any(one['deadline'] > deadline and one['status'] not in ('closed', 'cancelled')
           for one in model.where('action_item', decision_id=decision['id'])):
        write.rules.add('action_item.deadline.after_decision')


def _decision(model, write):
    after, record = write.after, write.record
    review = write.parent or model.get('review', record['review_id'])
    frozen(model, write, review)
    if record and record['status'] in ('rejected', 'withdrawn', 'superseded'):
        write.rules.add('decision.ended')
    _committed(model, write, record and record['status'] in ('adopted', 'implemented'))
    if record and not write.changed:
        return
    if after['action_required']:
        for name in ('deadline', 'success_criteria'):
            if not after[name] and write.known(name) and write.given.get(name) != []:
                write.rules.add(f'decision.{name}.required')
    elif not after['no_action_reason'] and write.known('no_action_reason'):
        write.rules.add('decision.no_action_reason.required')
    if after['kind'] == 'no_change' and after['action_required']:
        write.rules.add('decision.no_change.action')
    if after['kind'] == 'isms_change' and not after['affects']:
        write.rules.add('decision.isms_change.affects')
    deadline = _deadline(model, write, 'decision')
    if deadline and record:
        _not_before_items(model, write, record, deadline)
    _criteria(model, write)
    if after['decided_by_id'] and (not record or record['decided_by_id'] != after['decided_by_id']):
        _decides(model, write, review, after['decided_by_id'])
    _rests_on(model, write, review)


def _rests_on(model, write, review):
    keys = write.given.get('input_ids')
    if not keys:
        return
    keys = [key for key in keys if isinstance(key, str) and model.get('input', key)]
    if any(model.get('input', key)['review_id'] != review['id'] for key in keys):
        write.rules.add('decision.inputs.other_review')
    if len(keys) != len(set(keys)):
        write.rules.add('decision.inputs.duplicate')


def _committed(model, write, is_commitment):
    """Whether the PATCH changes anything, and whether it touches what only an amendment may."""
    record, after = write.record, write.after
    if not record:
        return
    write.changed = any(differs(record[name], after[name]) for name in write.given) or bool(write.shape.bad)
    guarded = (*COMMITTED, 'action_required') if write.kind == 'decision' else COMMITTED
    if is_commitment and any(name in write.body and _touched(write, name) for name in guarded):
        write.rules.add('commitment.amendment_required')


def _touched(write, name):
    """Whether a member is anything else than it was. Null for what has a default, or is a list, is that default, or an empty one."""
    if name == 'action_required' and name not in write.shape.bad:
        return write.record[name] != write.after[name]
    given = write.given.get(name, write.record[name])
    return differs(write.record[name], [] if given is None and isinstance(write.record[name], list) else given)


def _action_item(model, write):
    after, record = write.after, write.record
    decision = write.parent or model.get('decision', record['decision_id'])
    if not record and decision['status'] in ('rejected', 'withdrawn', 'superseded'):
        write.rules.add('action_item.decision.adopted')
    if record and record['status'] in ('closed', 'cancelled'):
        write.rules.add('action_item.ended')
    _committed(model, write, bool(record))
    if after['kind'] == 'corrective' and write.known('root_cause') and not after['root_cause']:
        write.rules.add('action_item.root_cause.required')
    deadline = _deadline(model, write, 'action_item')
    if deadline and decision['deadline'] and deadline > decision['deadline']:
        write.rules.add('action_item.deadline.after_decision')
    _criteria(model, write)
    if record and _leads_to(model, 'action_item', 'predecessor_id', after['predecessor_id'], record['id']):
        write.rules.add('action_item.predecessor.self')


def _amendment(model, write):
    target, given = write.parent, write.given
    kind = kind_of(target)
    if target['status'] not in ('adopted', 'open', 'in_progress', 'blocked', 'completed'):
        write.rules.add('amendment.not_open')
    named = [name for name in COMMITTED if name in given and given[name] is not None]
    cleared = [name for name in COMMITTED if name in write.body and write.body[name] is None]
    for name in cleared:
        write.rules.add(f'{kind}.{name.removesuffix("_id")}.required')
    all_known = not cleared and not write.shape.bad.intersection(COMMITTED)
    if all_known and not any(differs(target[name], given[name]) for name in named):
        write.rules.add('amendment.nothing_changed')
    approver = given.get('approved_by_id')
    extends = bool('deadline' in named and target['deadline']
                   and given['deadline'] > target['deadline'])
    if approver:
        role = model.get('person', approver)['role']
        if role not in ('top_management', 'isms_manager', 'department_head'):
            write.rules.add('amendment.approver.role')
        if approver in (target['owner_id'], given.get('owner_id')):
            write.rules.add('amendment.approver.owner')
        extensions = target['_extensions'] if kind == 'decision' else target['extension_count']
        if extends and extensions >= 2 and role != 'top_management':
            write.rules.add('amendment.deadline.escalation')
    if 'deadline' in named and given['deadline'] != target['deadline']:
        _amended_deadline(model, write, kind, target, given['deadline'])
    _criteria(model, write)


def _amended_deadline(model, write, kind, target, deadline):
    if deadline < model.today():
        write.rules.add(f'{kind}.deadline.in_past')
    if kind == 'decision':
        if deadline > months_later(model.today(), HORIZON_MONTHS):
            write.rules.add('decision.deadline.horizon')
        _not_before_items(model, write, target, deadline)
    else:
        limit = model.get('decision', target['decision_id'])['deadline']
        if limit and deadline > limit:
            write.rules.add('action_item.deadline.after_decision')


def _follow_up(model, write):
    item, after = write.parent, write.after
    kind, outcome = after['kind'], after['outcome']
    if kind and outcome and outcome not in OUTCOMES[kind]:
        write.rules.add('follow_up.outcome.kind')
    performed = after['performed_on']
    if performed and performed > model.today():
        write.rules.add('follow_up.performed_on.in_future')
    if performed and performed < item['_day']:
        write.rules.add('follow_up.performed_on.before_action')
    following = after['next_follow_up_on']
    closes = kind == 'effectiveness' and outcome == 'effective'
    if not following and not closes and write.known('next_follow_up_on') or following and following < model.today():
        write.rules.add('follow_up.next.required')
    _in_review(model, write, item, kind)
    if kind == 'effectiveness':
        if item['status'] not in ('completed', 'closed', 'cancelled'):
            write.rules.add('follow_up.effectiveness.completed')
        # Silent: who verifies is whoever is said to have; an owner may write down what another one found.
        if item['owner_id'] == after['performed_by_id']:
            write.rules.add('follow_up.effectiveness.separation')
    if after['supersedes_id']:
        if model.get('follow_up', after['supersedes_id'])['action_item_id'] != item['id']:
            write.rules.add('follow_up.supersedes.same_item')
    _results(model, write, item, kind, outcome)


def _in_review(model, write, item, kind):
    key = write.after['review_id']
    review = key and model.get('review', key)
    revisits = review and item in model.carried(review) and kind == 'progress'
    if item['status'] in ('closed', 'cancelled') and not revisits:
        write.rules.add('follow_up.action_item.open')
    if not review:
        return
    if review['status'] != 'in_progress':
        write.rules.add('follow_up.review.open')
    own = model.get('review', item['review_id'])
    earlier = (review['_started'] is not None and own['_started'] is not None and review['_started'] < own['_started'])
    if review is own or earlier:
        write.rules.add('follow_up.review.same')


def _results(model, write, item, kind, outcome):
    results = write.after['criteria_results'] or []
    seen, met = set(), {}
    for one in results:
        if '' in one['_bad']:      # no result at all
            continue
        key = one['criterion_id']
        found = key and criterion(item, key)
        if key and not found:
            write.rules.add('reference.not_found')
        if key in seen and found:
            write.rules.add('follow_up.criteria.duplicate')
        seen.add(key)
        if kind in ('completion', 'effectiveness'):
            if one['measured_value'] is None and 'evidence' not in one['_bad'] and not long_enough(one['evidence'], 10):
                write.rules.add('follow_up.evidence.required')
        if not found:
            continue
        if measured(found) and one['measured_value'] is None and 'measured_value' not in one['_bad']:
            write.rules.add('follow_up.criteria.measured')
        worked_out = holds(found['comparator'], one['measured_value'], found['target']) if measured(found) else None
        if worked_out is not None and one['met'] is not None and one['met'] != worked_out:
            write.rules.add('follow_up.criteria.met_mismatch')
        met[key] = one['met'] if worked_out is None else worked_out
    if kind != 'effectiveness':
        return
    keys = {one['id'] for one in item['success_criteria']}
    if not keys <= seen:
        write.rules.add('follow_up.criteria.complete')
    if outcome == 'effective' and not all(met.get(key) for key in keys):
        write.rules.add('follow_up.effective.criteria_met')


def effects(model, item, values):
    """What a follow-up does to its action item."""
    if item['status'] in ('closed', 'cancelled'):
        return {}
    sets = {}
    if values['progress_percent'] is not None:
        sets['progress_percent'] = values['progress_percent']
    if values['outcome'] == 'completed':
        sets |= {'status': 'completed', 'completed_on': values['performed_on'], 'progress_percent': 100}
    elif values['outcome'] == 'effective':
        sets |= {'status': 'closed', 'closed_on': values['performed_on'], 'ended_at': UNKNOWN}
    elif values['outcome'] in ('partially_effective', 'not_effective'):
        sets |= {'status': 'in_progress', 'completed_on': None, 'progress_percent': values['progress_percent']}
    if 'status' in sets:      # why it was blocked is of no interest any more
        sets['status_reason'] = None
    return sets
