import { setTimeout as sleep } from 'node:timers/promises';
import { getHeapSpaceStatistics } from 'node:v8';

/** From the main process to a server. */
export interface Request {
  type: 'cpu' | 'memory' | 'stop';
}

/** Bytes; `early` is the resident size after the first collections, before V8 gives back what it grew for the rush. */
export interface Memory {
  rss: number;
  heap: number;
  early: number;
}

/** From a server to the main process. */
export type Report =
  | { type: 'listening'; port: number }
  | { type: 'cpu'; cpu: number }
  | { type: 'memory'; memory: Memory };

const report = (message: Report): boolean | undefined =>
  process.send?.(message);

const PAUSE = 500;
const SMALL = 1.5 * 1024 * 1024;

const youngGeneration = (): number =>
  getHeapSpaceStatistics().find(({ space_name }) => space_name === 'new_space')
    ?.physical_space_size ?? 0;

/**
 * Collects until nothing is left to give back. V8 shrinks the young generation, up to 32 MB whatever it holds, only when it has
 * seen little allocation for five seconds; before, it would count for several KiB a connection.
 */
async function settledMemory(): Promise<Memory> {
  let early = 0;
  let least = Infinity;
  for (let quiet = 0, tries = 0; quiet < 2 && tries < 40; tries++) {
    global.gc?.();
    await sleep(PAUSE);
    const rss = process.memoryUsage.rss();
    if (tries <= 2) early = rss;
    const settled = youngGeneration() < SMALL && rss > least * 0.995;
    quiet = settled ? quiet + 1 : 0;
    least = Math.min(least, rss);
  }
  const { rss, heapUsed } = process.memoryUsage();
  return { rss, heap: heapUsed, early };
}

/** Reports that the server listens and obeys the main process from then on. */
export function serveControl(port: number): void {
  process.on('message', (message) => {
    const { type } = message as Request;
    if (type === 'cpu') {
      const { user, system } = process.cpuUsage();
      report({ type, cpu: user + system });
    } else if (type === 'memory') {
      void settledMemory().then((memory) => report({ type, memory }));
    } else {
      process.exit(0);
    }
  });
  process.on('disconnect', () => process.exit(0));
  report({ type: 'listening', port });
}
