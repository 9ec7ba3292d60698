/** Safeguards of the answers that operators get. */
import type { Mutant } from './mutants.ts';

export const questions: readonly Mutant[] = [
  {
    name: 'waits-of-both-ends',
    without: 'what waits: who is beyond the bound at one end is counted by the tally',
    edits: [
      {
        file: 'sql/functions/90_house/waiting_places.sql',
        find: `'due', case when p_due > p_most then p_free - p_later else p_due end, false,`,
        replace: `'due', p_due, false,`,
      },
    ],
    test: {
      file: 'test/sql/house/waiting-work.test.ts',
      pattern: 'of many it tells exactly how many are where',
    },
  },
  {
    name: 'waits-held-by-one',
    without: 'what waits: who is held one by one does not wait for what the others wait for',
    edits: [
      {
        file: 'sql/functions/90_house/waiting_places.sql',
        find: 'n.held, h.people - n.held from',
        replace: 'n.held, h.people from',
      },
    ],
    test: {
      file: 'test/sql/house/waiting-work.test.ts',
      pattern: 'of some thousand people it tells what reading everybody tells',
    },
  },
  {
    name: 'waits-estimates-said',
    without: 'what waits: of what is estimated it is said that it is',
    edits: [
      {
        file: 'sql/functions/90_house/waiting_people.sql',
        find: `|| case when g.estimated then format(' (about: by a sample of %s)', g.weight_of_all)`,
        replace: `|| case when false then ''`,
      },
    ],
    test: {
      file: 'test/sql/house/waiting-work.test.ts',
      pattern: 'of many it tells exactly how many are where',
    },
  },
  {
    name: 'doctor-named-looks-at-all',
    without: 'doctor: a check that is named looks at everything',
    edits: [
      {
        file: 'sql/views/doctor_history.sql',
        find: 'if p_whole or v_people <= c_few then',
        replace: 'if v_people <= c_few then',
      },
    ],
    test: {
      file: 'test/sql/views/doctor.test.ts',
      pattern: 'with many people the round looks at some',
    },
  },
  {
    name: 'doctor-sample-of-history',
    without:
      'doctor: in the round of all checks some people are looked at, each with all of their moves',
    edits: [
      {
        file: 'sql/views/doctor_history.sql',
        find: 'select count(*), coalesce(sum(greatest(p.moves - p.entries, 0)), 0)::bigint',
        replace: 'select count(*), 0::bigint',
      },
    ],
    test: {
      file: 'test/sql/views/doctor.test.ts',
      pattern: 'with many people the round looks at some',
    },
  },
  {
    name: 'doctor-unknown-check',
    without: 'doctor: a check that does not exist is refused',
    edits: [
      {
        file: 'sql/views/doctor.sql',
        find: 'where o.name is null or not o.name = any (v_known) limit 1;',
        replace: 'where false limit 1;',
      },
    ],
    test: {
      file: 'test/sql/views/doctor.test.ts',
      pattern: 'a check that does not exist is refused',
    },
  },
];
