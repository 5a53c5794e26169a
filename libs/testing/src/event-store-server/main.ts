import { startEventStoreServer } from './server.js';

// The stand-in as its own process: prints its address, ends with its parent's end of the pipe or a signal.
const server = await startEventStoreServer();
process.stdout.write(`${server.url}\n`);
process.stdin.on('end', () => process.exit(0)).resume();
