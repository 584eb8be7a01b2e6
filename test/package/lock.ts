import { readFile, rm, writeFile } from 'node:fs/promises';
import { setTimeout as sleep } from 'node:timers/promises';

/** Milliseconds between two looks at a lock that somebody else has. */
const PAUSE = 50;

/**
 * Waits until no other process holds the lock of that file, and takes it. A lock
 * whose process has ended without giving it back is nobody's.
 *
 * @returns What gives it back.
 */
export async function lock(file: string): Promise<() => Promise<void>> {
  for (;;) {
    try {
      await writeFile(file, String(process.pid), { flag: 'wx' });
      return () => rm(file, { force: true });
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
    }
    if (await isDead(file)) await rm(file, { force: true });
    else await sleep(PAUSE);
  }
}

async function isDead(file: string): Promise<boolean> {
  const holder = Number(await readFile(file, 'utf8').catch(() => ''));
  // It is about to be written, or has been given back.
  if (holder === 0) return false;
  try {
    process.kill(holder, 0);
    return false;
  } catch {
    return true;
  }
}
