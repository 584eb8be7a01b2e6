import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { existsSync } from 'node:fs';
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

  it.each([
    ['root', {}, true, ''],
    ['root in CI', { CI: '1' }, true, ''],
    ['CI', { CI: 'true' }, false, '-n true\n-n flock\n'],
  ])('installs one, once, for %s', async (_who, more, root, sudo) => {
    await installers(`printf '' > ${directory}/chromium
      /bin/chmod +x ${directory}/chromium`);
    const installed = join(directory, 'chromium');
    expect(ensureChromium(environment(more), [], root)).toBe(installed);
    expect(ensureChromium(environment(more), [], root)).toBe(installed);
    expect(await asked('apt-get')).toBe(
      'update\ninstall -y --no-install-recommends chromium fonts-liberation\n',
    );
    expect(await asked('sudo')).toBe(sudo);
  });

  it.each([{}, { CI: '' }, { CI: 'false' }])(
    'installs nothing on a machine of somebody who is not asked (%j)',
    async (more) => {
      await installers('exit 0');
      expect(() => ensureChromium(environment(more), [], false)).toThrow(
        'There is no Chromium, and only for root and in CI it is installed unasked (by hand: sudo apt-get update && sudo apt-get install -y --no-install-recommends chromium fonts-liberation): install Chromium or Chrome, or set CHROMIUM to the path of one.',
      );
      expect(await asked('sudo')).toBe('');
      expect(await asked('apt-get')).toBe('');
    },
  );

  it('fails in CI where nobody may become root', async () => {
    await installers('exit 0');
    await program('sudo', 'exit 1');
    expect(() => ensureChromium(environment({ CI: '1' }), [], false)).toThrow(
      /^There is no Chromium, and only root may install it \(sudo apt-get /,
    );
    expect(await asked('apt-get')).toBe('');
  });

  it.each([
    ['exit 1', /has failed: install Chromium or Chrome, or set CHROMIUM to/],
    ['exit 0', /its package has none: install Chromium or Chrome/],
  ])('fails when the installation ends with "%s"', async (end, sentence) => {
    await installers(end);
    expect(() => ensureChromium(environment(), [], true)).toThrow(sentence);
  });

  it('fails where nothing may be installed', () => {
    expect(() => ensureChromium(environment(), [])).toThrow(
      'There is no Chromium, and there is no apt-get to install it: install Chromium or Chrome, or set CHROMIUM to the path of one.',
    );
  });

  /** Programs that write down what they are asked, instead of doing it. */
  async function installers(end: string): Promise<void> {
    await program('flock', 'shift; exec "$@"');
    await program(
      'sudo',
      `echo "$1 $2" >> ${directory}/sudo.asked
      shift; exec "$@"`,
    );
    await program('true');
    await program(
      'apt-get',
      `echo "$*" >> ${directory}/apt-get.asked
      test "$1" = update || { ${end}
      }`,
    );
  }

  /** What a program was asked, if it was. */
  async function asked(name: string): Promise<string> {
    const path = join(directory, `${name}.asked`);
    return existsSync(path) ? readFile(path, 'utf8') : '';
  }
});
