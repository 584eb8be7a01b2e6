import {
  mkdir,
  open,
  readdir,
  readFile,
  rename,
  rm,
  stat,
} from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';

/** The database cannot be used; the message says what to do. */
export class DatabaseError extends Error {
  override readonly name = 'DatabaseError';
}

/**
 * A file that always holds one complete version of its content. TypeORM's own
 * `location` writes in place: a process that ends meanwhile leaves half of it.
 */
export class DataFile {
  private constructor(
    readonly path: string,
    private saved: Uint8Array | undefined,
    private mark: string | undefined,
  ) {}

  static async open(path: string): Promise<DataFile> {
    try {
      await mkdir(dirname(path), { recursive: true });
      await removeUnfinished(path);
      const mark = await markOf(path);
      const content = mark === undefined ? undefined : await readFile(path);
      return new DataFile(path, content, mark);
    } catch (error) {
      throw new DatabaseError(
        `The data file ${path} cannot be read (${reasonOf(error)}): set DATA_FILE to a file in a directory that can be written to.`,
      );
    }
  }

  /** The content of the file; undefined if there is no file. */
  get content(): Uint8Array | undefined {
    return this.saved;
  }

  /** Settles when the content is on the disk. */
  async write(content: Uint8Array): Promise<void> {
    if (this.saved !== undefined && Buffer.compare(content, this.saved) === 0) {
      return;
    }
    try {
      const mark = await markOf(this.path);
      if (mark !== undefined && mark !== this.mark) {
        throw new Error('another process has written it since it was read');
      }
      await mkdir(dirname(this.path), { recursive: true });
      await replace(this.path, content);
      this.saved = content;
      this.mark = await markOf(this.path);
    } catch (error) {
      throw new DatabaseError(
        `The data file ${this.path} cannot be written (${reasonOf(error)}): see that there is space and that no other process uses it, then start again.`,
      );
    }
  }
}

/** Where a process writes the next version of the file. */
function temporaryOf(path: string, pid: number | string): string {
  return `${path}.${pid}.tmp`;
}

/**
 * Removes what processes that were killed have left of their next versions. The
 * file of one that is still writing stays.
 */
async function removeUnfinished(path: string): Promise<void> {
  const directory = dirname(path);
  for (const name of await readdir(directory)) {
    const [, pid] = /\.(\d+)\.tmp$/.exec(name) ?? [];
    if (pid === undefined || name !== basename(temporaryOf(path, pid)))
      continue;
    if (isRunning(Number(pid))) continue;
    // One that may not be removed hinders nobody.
    await rm(join(directory, name), { force: true }).catch(() => {});
  }
}

function isRunning(pid: number): boolean {
  // Of this process there is nothing yet: a number is used again after a restart
  // of the system, or in a container.
  if (pid === process.pid) return false;
  try {
    return process.kill(pid, 0);
  } catch (error) {
    return reasonOf(error) === 'EPERM';
  }
}

async function replace(path: string, content: Uint8Array): Promise<void> {
  const temporary = temporaryOf(path, process.pid);
  try {
    await writeThrough(temporary, content);
    await rename(temporary, path);
  } catch (error) {
    // A file that could not be finished must not fill the disk further.
    await rm(temporary, { force: true }).catch(() => {});
    throw error;
  }
  await syncDirectory(dirname(path));
}

async function writeThrough(path: string, content: Uint8Array): Promise<void> {
  await using file = await open(path, 'w');
  await file.writeFile(content);
  await file.sync();
}

/**
 * Makes the new name of the file permanent: a power cut could bring the old
 * file back.
 */
async function syncDirectory(path: string): Promise<void> {
  try {
    await using directory = await open(path, 'r');
    await directory.sync();
  } catch {
    // Some systems cannot do this; the new file is there anyway.
  }
}

/**
 * A text that is different for each version of a file; undefined if there is no
 * file.
 */
async function markOf(path: string): Promise<string | undefined> {
  try {
    const { ino, mtimeMs, size } = await stat(path);
    return `${ino}/${mtimeMs}/${size}`;
  } catch (error) {
    if (reasonOf(error) === 'ENOENT') return undefined;
    throw error;
  }
}

/**
 * The code of a system's error, such as `EACCES`; the message of other errors.
 */
export function reasonOf(error: unknown): string {
  const { code, message } = error as { code?: string; message?: string };
  // PostgreSQL's codes are numbers, which tell people nothing.
  if (code !== undefined && /^E[A-Z]/.test(code)) return code;
  return message ?? String(error);
}
