/** Tells the endpoint that it is given of one card, and prints what became of it. */
import { contractContext, exampleEffect } from '@postrider/core/contract';
import { wiringAt } from '../../../test/helpers.ts';
import { createWebhookSink } from '../index.ts';

const [url, secret = ''] = process.argv.slice(2);
const sink = createWebhookSink(
  { url },
  wiringAt('/', { WEBHOOK_SECRET: secret, WEBHOOK_PRIVATE_NETWORKS: '127.0.0.1' }),
);
console.log(JSON.stringify(await sink.emit([exampleEffect()], contractContext())));
