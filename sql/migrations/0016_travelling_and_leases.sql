-- Whoever travels has a cohort, and nobody else. The trigger asks it of every row, as it asks whether the move is legal: the constraint was asked first, and
-- answered a move that was typed by hand with an error of the server's own, which says nothing of what to do.
alter table postrider.recipient_state drop constraint travelling_has_a_cohort;

-- How long a runner's cohorts are its own without a renewal: so long it may go on posting for one that was taken from it by hand.
alter table postrider.runner add column lease interval not null default '1 minute';
