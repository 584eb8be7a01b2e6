import { setTimeout as sleep } from 'node:timers/promises';

/** From the main process to a server. */
export interface Request {
  type: 'cpu' | 'memory' | 'stop';
}

export interface Memory {
  rss: number;
  heap: number;
}

/** From a server to the main process. */
export type Report =
  | { type: 'listening'; port: number }
  | { type: 'cpu'; cpu: number }
  | { type: 'memory'; memory: Memory };

const report = (message: Report): boolean | undefined =>
  process.send?.(message);

/** Collections free young objects, then what those held, then let the allocator give pages back; each needs some idle time. */
async function settledMemory(): Promise<Memory> {
  let least = Infinity;
  for (let quiet = 0, tries = 0; quiet < 3 && tries < 20; tries++) {
    global.gc?.();
    await sleep(100);
    const rss = process.memoryUsage.rss();
    quiet = rss < least * 0.995 ? 0 : quiet + 1;
    least = Math.min(least, rss);
  }
  return {
    rss: process.memoryUsage.rss(),
    heap: process.memoryUsage().heapUsed,
  };
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
