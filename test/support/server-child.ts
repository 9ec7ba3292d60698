/**
 * A process that starts a server of its own, as a test file does, and ends or waits to be killed.
 */
import { startServer } from './server.ts';

const server = await startServer();
console.log(JSON.stringify({ pid: server.pid(), dataDir: server.dataDir }));
if (process.argv[2] === 'stay') setInterval(() => undefined, 1000);
