"""Who may do what, and who sees what: section 3 of the contract, for the twin."""

READERS = {
    'public': ('top_management', 'isms_manager', 'department_head', 'employee', 'auditor'),
    'internal': ('top_management', 'isms_manager', 'department_head', 'auditor'),
    'confidential': ('top_management', 'isms_manager', 'auditor'),
    'restricted': ('isms_manager', 'auditor'),
}
BOTH = ('top_management', 'isms_manager')
ISMS = ('isms_manager',)
# Verbs by the letter of the table: those that name top management, and "all verbs but approve and reopen".
VERBS = {
    ('review', 'start'): BOTH, ('review', 'conclude'): BOTH, ('review', 'cancel'): ISMS,
    ('attendee', 'withdraw'): ISMS, ('input', 'withdraw'): ISMS,
    ('decision', 'adopt'): BOTH, ('decision', 'reject'): BOTH, ('decision', 'withdraw'): ISMS,
    ('decision', 'implement'): ISMS, ('decision', 'supersede'): ISMS,
    ('person', 'activate'): ISMS, ('person', 'deactivate'): ISMS,
    # Silent: who creates and amends action items calls them off, too.
    ('action_item', 'cancel'): BOTH,
}


def attends(twin, person, review):
    return any(one['person_id'] == person['id'] for one in twin.attendees(review))


def sees_all(twin, person, review):
    return person['role'] in READERS[review['classification']] or attends(twin, person, review)


def sees_review(twin, person, kind, record):
    """Whether the review is in sight from which this hangs, with all of it."""
    return kind == 'person' or sees_all(twin, person, twin.review_of(kind, record))


def sees(twin, person, kind, record):
    if kind == 'person' or sees_review(twin, person, kind, record):
        return True
    if kind in ('decision', 'action_item'):
        return record['owner_id'] == person['id']
    if kind == 'follow_up':
        return sees(twin, person, 'action_item', twin.get('action_item', record['action_item_id']))
    if kind == 'amendment':      # what one owns is seen with what became of it
        target = 'action_item' if record['action_item_id'] else 'decision'
        return sees(twin, person, target, twin.get(target, record[f'{target}_id']))
    return False


def shown(twin, person, kind, record):
    """As this person is shown it: a follow-up names no review that one does not see."""
    made = twin.show(kind, record)
    if kind == 'follow_up' and made['review_id'] and not sees_all(twin, person, twin.get('review', made['review_id'])):
        made = {**made, 'review_id': None}
    return made


def denied(twin, write):
    """The rule by which the caller's role says no, or None."""
    kind, verb, role = write.kind, write.verb, write.caller['role']
    if kind == 'review' and verb in ('approve', 'reopen'):
        return None if role == 'top_management' else f'review.{verb}.role'
    return None if _may(twin, write, kind, verb, role) else 'access.role'


def _may(twin, write, kind, verb, role):
    if (kind, verb) in VERBS:
        return role in VERBS[kind, verb]
    if kind == 'person':
        return role in ISMS
    if role in BOTH:
        return True
    item = write.record or write.parent
    own = item and item.get('owner_id') == write.caller['id']
    if kind == 'input':
        review = write.parent or twin.get('review', write.record['review_id'])
        return role == 'department_head' and attends(twin, write.caller, review)
    if kind == 'action_item' and verb:      # start, block, unblock
        return role in ('department_head', 'employee') and own
    if kind == 'action_item' and write.record or kind == 'amendment' and item['_kind'] == 'action_item':
        owner = twin.get('person', item['owner_id'])
        same = owner['department'] and owner['department'] == write.caller['department']
        return role == 'department_head' and bool(same)
    if kind == 'follow_up':
        effectiveness = isinstance(write.body, dict) and write.body.get('kind') == 'effectiveness'
        if effectiveness:
            return role == 'department_head' and not own
        return role in ('department_head', 'employee') and own
    return False
