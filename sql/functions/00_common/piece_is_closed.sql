-- Tells whether a mailpiece is closed: no card comes of it any more, and another may be opened.
-- It is taken up into the plan of its caller, so that the index of open mailpieces is found.
create function postrider.piece_is_closed(p_status text) returns boolean
language sql immutable
return p_status in ('rejected', 'cancelled', 'failed', 'voided');
