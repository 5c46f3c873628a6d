-- What a write costs, brought down; what the schema promises stays.

-- Segments of the indexes of words are merged when there are 64 of them, a few pages with each new one. At the default for
-- the last resort (16) a merge of a whole level held the writer for a tenth of a second.
INSERT INTO person_words (person_words, rank) VALUES ('automerge', 64);
INSERT INTO person_words (person_words, rank) VALUES ('crisismerge', 128);
INSERT INTO review_words (review_words, rank) VALUES ('automerge', 64);
INSERT INTO review_words (review_words, rank) VALUES ('crisismerge', 128);
INSERT INTO attendee_words (attendee_words, rank) VALUES ('automerge', 64);
INSERT INTO attendee_words (attendee_words, rank) VALUES ('crisismerge', 128);
INSERT INTO input_words (input_words, rank) VALUES ('automerge', 64);
INSERT INTO input_words (input_words, rank) VALUES ('crisismerge', 128);
INSERT INTO decision_words (decision_words, rank) VALUES ('automerge', 64);
INSERT INTO decision_words (decision_words, rank) VALUES ('crisismerge', 128);
INSERT INTO action_item_words (action_item_words, rank) VALUES ('automerge', 64);
INSERT INTO action_item_words (action_item_words, rank) VALUES ('crisismerge', 128);
INSERT INTO amendment_words (amendment_words, rank) VALUES ('automerge', 64);
INSERT INTO amendment_words (amendment_words, rank) VALUES ('crisismerge', 128);
INSERT INTO follow_up_words (follow_up_words, rank) VALUES ('automerge', 64);
INSERT INTO follow_up_words (follow_up_words, rank) VALUES ('crisismerge', 128);
INSERT INTO attachment_words (attachment_words, rank) VALUES ('automerge', 64);
INSERT INTO attachment_words (attachment_words, rank) VALUES ('crisismerge', 128);

-- A list of three constants is a temporary b-tree for each row, a chain of OR is not; and one trigger is one program.
DROP TRIGGER action_item_not_replaced;
DROP TRIGGER action_item_made;
CREATE TRIGGER action_item_not_replaced BEFORE INSERT ON action_item WHEN EXISTS (SELECT 1 FROM action_item WHERE id
    = NEW.id) OR EXISTS (SELECT 1 FROM action_item WHERE reference = NEW.reference)
BEGIN SELECT raise(FAIL, 'action_item: the record exists'); END;
CREATE TRIGGER action_item_made BEFORE INSERT ON action_item
WHEN EXISTS (SELECT 1 FROM decision WHERE id = NEW.decision_id AND (status = 'rejected' OR status = 'withdrawn' OR
    status = 'superseded'))
BEGIN SELECT raise(FAIL, 'action_item: its decision is not in force'); END;

-- The items of a review are found by way of its decisions (action_item_decision_id). An index of their own was a page of
-- the log, and another of the database, for nearly every new item.
DROP INDEX action_item_review_id;
-- No query has a use for this one.
DROP INDEX action_item_ended_at;
