-- The proofs of cards. Proofs, mailpieces and their events have no foreign keys: each is written
-- from a row that it would check, recipients cannot be deleted (recipient_state refuses), and five
-- checks per card cost as much as all its moves.
create table postrider.proof (
  organization_id uuid not null,
  recipient_id uuid not null,
  content_hash text not null,
  front_url text not null,
  front_page int not null,
  back_url text not null,
  back_page int not null,
  made_at timestamptz not null,
  -- SHA-256 of the documents, in hex: what is printed must be what was proofed. Null: not known.
  front_hash text,
  back_hash text,
  -- Since when its pictures are not to be counted on: their removal was begun.
  removed_at timestamptz,
  primary key (organization_id, recipient_id)
);
