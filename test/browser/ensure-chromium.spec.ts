import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { mkdir, readFile, rm, writeFile } from 'node:fs/promises';
import { delimiter, join } from 'node:path';
import { ensureChromium, findChromium } from '../../scripts/ensure-chromium.js';
import { temporaryDirectory } from '../package/build-package.js';

describe('The search for a browser', () => {
  let directory: string;

  beforeEach(async () => {
    directory = await temporaryDirectory('path');
  });
  afterEach(() => rm(directory, { recursive: true }));

  /** Puts a program into the only directory of the PATH. */
  async function program(name: string, script = '', mode = 0o755) {
    const path = join(directory, name);
    await writeFile(path, `#!/bin/sh\n${script}\n`, { mode });
    return path;
  }

  const environment = (more: NodeJS.ProcessEnv = {}): NodeJS.ProcessEnv => ({
    PATH: directory,
    ...more,
  });

  it.each(['chromium', 'chromium-browser', 'google-chrome'])(
    'finds %s on the PATH',
    async (name) => {
      const path = await program(name);
      const PATH = ['/nowhere', '', directory].join(delimiter);
      expect(findChromium({ PATH }, [])).toBe(path);
    },
  );

  it('finds one where browsers usually are, after the PATH', async () => {
    const usual = await program('browser');
    expect(findChromium(environment(), ['/nowhere', usual])).toBe(usual);
    const onPath = await program('chromium');
    expect(findChromium(environment(), [usual])).toBe(onPath);
  });

  it('takes the one that CHROMIUM names, before any other', async () => {
    await program('chromium');
    const named = await program('mine');
    expect(findChromium(environment({ CHROMIUM: named }), [])).toBe(named);
  });

  it('takes no other when CHROMIUM names one that cannot be run', async () => {
    await program('chromium');
    const named = await program('mine', '', 0o644);
    expect(() => findChromium(environment({ CHROMIUM: named }), [])).toThrow(
      `CHROMIUM is "${named}", which cannot be run: set it to the path of a Chromium or Chrome, or unset it.`,
    );
  });

  it('passes over what is no program', async () => {
    await program('chromium', '', 0o644);
    await mkdir(join(directory, 'google-chrome'));
    expect(findChromium(environment(), [])).toBeUndefined();
  });

  it('installs one, once, where packages may be installed', async () => {
    await installers(`printf '' > ${directory}/chromium
      /bin/chmod +x ${directory}/chromium`);
    const installed = join(directory, 'chromium');
    expect(ensureChromium(environment(), [])).toBe(installed);
    expect(ensureChromium(environment(), [])).toBe(installed);
    expect(await readFile(join(directory, 'asked'), 'utf8')).toBe(
      'update\ninstall -y --no-install-recommends chromium fonts-liberation\n',
    );
  });

  it.each([
    ['exit 1', /has failed: install Chromium or Chrome, or set CHROMIUM to/],
    ['exit 0', /its package has none: install Chromium or Chrome/],
  ])('fails when the installation ends with "%s"', async (end, sentence) => {
    await installers(end);
    expect(() => ensureChromium(environment(), [])).toThrow(sentence);
  });

  it('fails where nothing may be installed', () => {
    expect(() => ensureChromium(environment(), [])).toThrow(
      'There is no Chromium, and there is no apt-get to install it: install Chromium or Chrome, or set CHROMIUM to the path of one.',
    );
  });

  /** Programs that write down what they are asked, instead of doing it. */
  async function installers(end: string): Promise<void> {
    await program('flock', 'shift; exec "$@"');
    await program('sudo', 'shift; exec "$@"');
    await program('true');
    await program(
      'apt-get',
      `echo "$*" >> ${directory}/asked
      test "$1" = update || { ${end}
      }`,
    );
  }
});
