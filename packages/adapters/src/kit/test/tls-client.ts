/** Sends one request to each address that it is given, and prints the outcomes. */
import { sendRequest } from '../http.ts';

for (const url of process.argv.slice(2)) {
  const outcome = await sendRequest({
    method: 'POST',
    url,
    headers: {},
    body: '{"card":1}',
    timeoutMs: 5_000,
    signal: new AbortController().signal,
  });
  console.log(JSON.stringify(outcome));
}
