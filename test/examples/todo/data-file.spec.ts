import {
  afterEach,
  beforeEach,
  describe,
  expect,
  it,
  jest,
} from '@jest/globals';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import {
  type FileHandle,
  mkdir,
  open,
  readdir,
  readFile,
  rm,
  stat,
  writeFile,
} from 'node:fs/promises';
import { join } from 'node:path';
import { DataFile } from '../../../examples/todo/data-file.js';
import { temporaryDirectory } from '../../package/build-package.js';

const SIZE = 2 ** 20;

/** Such that a mixture of two is seen. */
function content(byte: number): Uint8Array {
  return new Uint8Array(SIZE).fill(byte);
}

/** Which of them it is: whole, and no mixture. */
function versionOf(read: Uint8Array | undefined): number | undefined {
  const version = read?.[0];
  if (read?.length !== SIZE || read.some((byte) => byte !== version)) {
    throw new Error(`Not whole: ${read?.length} bytes`);
  }
  return version;
}

/** What all open files have in common. */
async function handles(): Promise<FileHandle> {
  await using handle = await open(import.meta.filename);
  return Object.getPrototypeOf(handle) as FileHandle;
}

describe('A data file', () => {
  let directory: string;
  let path: string;

  beforeEach(async () => {
    directory = await temporaryDirectory('data-file');
    path = join(directory, 'new', 'todo.sqlite');
  });
  afterEach(async () => {
    jest.restoreAllMocks();
    await rm(directory, { recursive: true, force: true });
  });

  it('is opened without what a process left that was killed', async () => {
    const dead = spawn(process.execPath, ['-e', '']);
    await once(dead, 'exit');
    await mkdir(join(directory, 'new'));
    const left = [dead.pid, process.pid];
    // Another file's, one that is no number's, and one that is being written.
    const others = [
      `other.sqlite.${dead.pid}.tmp`,
      'todo.sqlite.tmp',
      'todo.sqlite.x.tmp',
      `todo.sqlite.${process.ppid}.tmp`,
    ];
    for (const name of [
      ...left.map((pid) => `todo.sqlite.${pid}.tmp`),
      ...others,
    ]) {
      await writeFile(join(directory, 'new', name), 'half');
    }
    const file = await DataFile.open(path);
    expect(file.content).toBeUndefined();
    expect((await readdir(join(directory, 'new'))).sort()).toEqual(
      [...others].sort(),
    );
  });

  it('is made by the first write, with its directory', async () => {
    const file = await DataFile.open(path);
    expect(file.content).toBeUndefined();
    await file.write(content(1));
    expect(versionOf(file.content)).toBe(1);
    expect(versionOf((await DataFile.open(path)).content)).toBe(1);
  });

  it('has all of one version whenever it is read', async () => {
    const file = await DataFile.open(path);
    await file.write(content(0));
    const writing = new AbortController();
    const written = (async () => {
      for (let n = 1; n <= 50; n++) await file.write(content(n));
      writing.abort();
    })();
    let reads = 0;
    while (!writing.signal.aborted) {
      versionOf(await readFile(path));
      reads++;
    }
    await written;
    expect(reads).toBeGreaterThan(5);
    expect(await readdir(join(directory, 'new'))).toEqual(['todo.sqlite']);
  });

  it('is on the disk after a write, and so is its name', async () => {
    const file = await DataFile.open(path);
    const sync = jest.spyOn(await handles(), 'sync');
    const synced: boolean[] = [];
    sync.mockImplementation(async function (this: FileHandle) {
      synced.push((await this.stat()).isDirectory());
      return this.datasync();
    });
    await file.write(content(1));
    expect(synced).toEqual([false, true]);
  });

  it('stays as it was, and alone, when the disk is full', async () => {
    const file = await DataFile.open(path);
    await file.write(content(1));
    jest
      .spyOn(await handles(), 'sync')
      .mockRejectedValueOnce(Object.assign(new Error(), { code: 'ENOSPC' }));
    await expect(file.write(content(2))).rejects.toThrow(
      `The data file ${path} cannot be written (ENOSPC): see that there is space and that no other process uses it, then start again.`,
    );
    expect(await readdir(join(directory, 'new'))).toEqual(['todo.sqlite']);
    expect(versionOf((await DataFile.open(path)).content)).toBe(1);
    await file.write(content(3));
    expect(versionOf((await DataFile.open(path)).content)).toBe(3);
  });

  it('is left alone by a write that changes nothing', async () => {
    const file = await DataFile.open(path);
    await file.write(content(1));
    const before = await stat(path);
    await file.write(content(1));
    expect(await stat(path)).toEqual(before);
  });

  it('is not overwritten where another process has written it', async () => {
    const file = await DataFile.open(path);
    await file.write(content(1));
    const other = await DataFile.open(path);
    await other.write(content(2));
    await expect(file.write(content(3))).rejects.toThrow(
      `The data file ${path} cannot be written (another process has written it since it was read): see that there is space and that no other process uses it, then start again.`,
    );
    expect(versionOf(file.content)).toBe(1);
    expect(versionOf((await DataFile.open(path)).content)).toBe(2);
  });

  it('says in a sentence that it cannot be read', async () => {
    await mkdir(path, { recursive: true });
    await expect(DataFile.open(path)).rejects.toThrow(
      `The data file ${path} cannot be read (EISDIR): set DATA_FILE to a file in a directory that can be written to.`,
    );
  });

  it('says in a sentence that its directory cannot be made', async () => {
    await writeFile(join(directory, 'new'), 'a file');
    await expect(DataFile.open(path)).rejects.toThrow(
      `The data file ${path} cannot be read (EEXIST): set DATA_FILE to a file in a directory that can be written to.`,
    );
  });
});
