/** What people and forms write where they have nothing. */
import assert from 'node:assert/strict';
import { it } from 'node:test';
import { csv } from './people.ts';

async function read(lastName: string, line1: string): Promise<string> {
  const { members, rejects } = await csv(
    `id,email,first_name,last_name,address1,city,state,zip\n` +
      `1,a@example.com,Ann,"${lastName}","${line1}",Boston,MA,02138\n`,
  );
  const [member] = members;
  if (member === undefined) return rejects.map(({ reason }) => reason).join();
  return [member.lastName, member.address?.line1].join(' / ');
}

it('a placeholder is no name and no street, and a name that is a word stays', async () => {
  for (const word of ['[First Name]', '[last_name]'])
    assert.equal(await read(word, '1 Elm St'), 'machine_word', word);
  for (const word of ['(blank)', '(empty)', '(none)', '(not set)', '[blank]'])
    assert.equal(await read(word, '1 Elm St'), ' / 1 Elm St', word);
  for (const word of ['unknown', 'UNKNOWN', 'TBD', 'tbd', 'To be determined', 'Not provided'])
    assert.equal(await read('Ash', word), 'incomplete_address', word);
  assert.equal(await read('Unknown', 'Unknown Rd 4'), 'Unknown / Unknown Rd 4');
  assert.equal(await read('[Ash]', '[rear] 1 Elm St'), '[Ash] / [rear] 1 Elm St');
});
