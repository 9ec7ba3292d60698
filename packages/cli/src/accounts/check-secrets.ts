/** Whether this process could read the secrets of the connections. No value is told. */
import { readReference, readSealingKeys, SEALING_KEYS, SecretError } from '@postrider/core';
import type { Sql } from '@postrider/runner/database';
import { count } from '@postrider/runner/process';
import type { Project } from '@postrider/runner/project';
import type { Check } from '../operate/migrate.ts';

interface Kept {
  readonly organization: string;
  readonly connection: string;
  readonly purpose: string;
  /** Where it is, or `sealed`. */
  readonly kept: string;
  readonly keyId: string | null;
}

/** A line of `doctor`. A warning: what is missing here may be there where the runners are. */
export async function checkSecrets(sql: Sql, project: Project): Promise<Check> {
  // A former one that is good still may be tidied up: the newest is what counts.
  const secrets = await sql<Kept[]>`
    select distinct on (c.organization, c.name, s.purpose)
      c.organization, c.name as connection, s.purpose, s.kept, s."keyId"
    from postrider.connections c
    cross join jsonb_to_recordset(c.secrets) as s (
      purpose text, kept text, "keyId" text, "addedAt" text)
    order by c.organization, c.name, s.purpose, s."addedAt" desc`;
  const missing = secrets.flatMap((one) => {
    const why = faultOf(one, project);
    const { connection, organization, purpose } = one;
    return why === null ? [] : [`${purpose} of ${connection} (${organization}): ${why}`];
  });
  const [first] = missing;
  return first === undefined
    ? {
        check: 'secrets',
        verdict: 'ok',
        message: secrets.length === 0 ? 'there are none' : 'all of connections can be read here',
        what_helps: null,
      }
    : {
        check: 'secrets',
        verdict: 'warn',
        message: `${count(missing.length, 'secret')} cannot be read here: ${missing.join('; ')}`,
        what_helps:
          'where runners lack them too, nothing goes out by these connections: ' +
          `bring back what is named (the sealing keys are in ${SEALING_KEYS}), ` +
          'or replace the secret: postrider connection rotate',
      };
}

/** Why it cannot be read, or null. */
function faultOf({ kept, keyId }: Kept, project: Project): string | null {
  const secret = (name: string): string | undefined => project.secret(name);
  try {
    if (keyId === null) readReference(kept, secret);
    else if (!readSealingKeys(secret(SEALING_KEYS)).some(({ id }) => id === keyId))
      return `it is sealed with key ${keyId}, which is not here`;
    return null;
  } catch (error) {
    if (error instanceof SecretError) return error.message;
    throw error;
  }
}
