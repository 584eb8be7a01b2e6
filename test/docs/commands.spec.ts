import 'reflect-metadata';
import { expect, it } from '@jest/globals';
import * as snorky from 'snorky';
import { declaredCommands } from '../../src/nest/decorators/declared-commands.js';
import type { ParamMetadata } from '../../src/nest/decorators/rpc-params.decorator.js';
import type { ServiceMetadata } from '../../src/nest/decorators/snorky-service.decorator.js';
import { SERVICE_METADATA } from '../../src/nest/setup/constants.js';
import { ROUTE_ARGS_METADATA } from '../../src/nest/setup/nest-internals.js';
import { HELLO, RESERVED_SERVICE } from '../../src/protocol/features.js';
import { tableAfter } from './markdown.js';

type Row = [service: string, command: string, params: string];

/** The parameters of a command, with a question mark where calls may leave them out. */
function paramsOf(owner: object, method: string): string {
  const known = Reflect.getOwnMetadata(
    ROUTE_ARGS_METADATA,
    owner.constructor,
    method,
  ) as Readonly<Record<string, ParamMetadata>>;
  return Object.values(known)
    .filter(({ data }) => typeof data === 'string' && data !== 'client')
    .toSorted((a, b) => a.index - b.index)
    .map(({ data, optional }) => `${String(data)}${optional ? '?' : ''}`)
    .join(', ');
}

/** The commands of all services that the package has. */
function commandsThere(): Row[] {
  return Object.values(snorky).flatMap((one) => {
    if (typeof one !== 'function') return [];
    const service = Reflect.getOwnMetadata(SERVICE_METADATA, one) as
      ServiceMetadata | undefined;
    if (service === undefined) return [];
    return declaredCommands(one as new () => unknown).map(
      ({ name, owner, method }): Row => [
        service.name,
        name,
        paramsOf(owner, method),
      ],
    );
  });
}

const plain = (cell = ''): string => cell.replaceAll('`', '');

it('The page has the commands of all services, with their parameters', async () => {
  const documented = (await tableAfter('docs/reference.md', '## Commands')).map(
    (row) => row.slice(0, 3).map(plain).join(' | '),
  );
  const there = [
    [RESERVED_SERVICE, HELLO, 'features, client?'],
    ...commandsThere(),
  ].map((row) => row.join(' | '));
  expect(documented.toSorted()).toEqual(there.toSorted());
  expect(there).toHaveLength(11);
});

it('The README has the commands of PubSub, with their parameters', async () => {
  const rows = await tableAfter('README.md', '## Publish and subscribe');
  let last = '';
  const documented = rows.map(([service, command, params]) => {
    if (plain(service) !== '') last = plain(service);
    return [last, plain(command), plain(params)];
  });
  const there = commandsThere().filter(([name]) => name.startsWith('pubsub'));
  expect(documented.toSorted()).toEqual(there.toSorted());
});
