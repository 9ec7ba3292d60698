-- Work that one session at a time does, each a row to be locked.
create table postrider.turn (
  work text primary key
);
insert into postrider.turn (work) values ('stage:proof'), ('stage:mail'), ('reap'), ('tally');
