/**
 * Sends one request to each URL that it is given, and prints the outcomes. After `judged:` the
 * address of the name is known, as that of a webhook is: it is this machine.
 */
import { sendRequest } from '../http.ts';

for (const given of process.argv.slice(2)) {
  const url = given.replace(/^judged:/, '');
  const outcome = await sendRequest({
    method: 'POST',
    url,
    ...(url === given ? {} : { addresses: [{ address: '127.0.0.1', family: 4 }] }),
    headers: {},
    body: '{"card":1}',
    timeoutMs: 5_000,
    signal: new AbortController().signal,
  });
  console.log(JSON.stringify(outcome));
}
