import { ensureServer } from '../../src/postgres/index.ts';

const [dir = '', stay] = process.argv.slice(2);
console.log(JSON.stringify(await ensureServer({ projectDir: dir })));
if (stay === 'stay') setInterval(() => undefined, 1000);
