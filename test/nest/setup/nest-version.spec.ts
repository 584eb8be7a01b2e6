import { describe, expect, it } from '@jest/globals';
import { readFile } from 'node:fs/promises';
import { checkNestVersion } from '../../../src/nest/setup/nest-version.js';

const packageJson = JSON.parse(
  await readFile(new URL('../../../package.json', import.meta.url), 'utf8'),
) as { peerDependencies: Record<string, string> };

describe('The version of Nest', () => {
  it.each(['12.0.1', '12.1.3', '11.9.9'])('stops the start: %s', (version) => {
    for (const old of ['@nestjs/core', '@nestjs/common']) {
      expect(() =>
        checkNestVersion((name) => (name === old ? version : '12.5.1')),
      ).toThrow(
        `${old} ${version} is too old: it leaves out guards of services ` +
          `without a word. Run: npm install ${old}@^12.2.0`,
      );
    }
  });

  it.each(['12.2.0', '12.2.1-next.1', '12.10.0', '13.0.0', 'main', undefined])(
    'lets the application start: %s',
    (version) => {
      expect(() => checkNestVersion(() => version)).not.toThrow();
    },
  );

  it('is the one that is installed', () => {
    expect(() => checkNestVersion()).not.toThrow();
  });

  it('has the floor that the package names', () => {
    const { peerDependencies } = packageJson;
    expect(peerDependencies['@nestjs/core']).toBe('^12.2.0');
    expect(peerDependencies['@nestjs/common']).toBe('^12.2.0');
  });
});
