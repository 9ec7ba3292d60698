import { ensureServer } from '../src/index.ts';
import { application } from './project.ts';

const [dir = '', stay] = process.argv.slice(2);
console.log(JSON.stringify(await ensureServer({ projectDir: dir, application })));
if (stay === 'stay') setInterval(() => undefined, 1000);
