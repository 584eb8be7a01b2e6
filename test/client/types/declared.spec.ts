import { beforeAll, describe, expect, it } from '@jest/globals';
import { changed, Project, type Instead } from './project.js';

const HERE = 'test/client/types/declared';
const SHARED = `${HERE}/shared/app-types.ts`;
const DECLARATIONS = 'src/protocol/snorky-types.ts';
const INPUT = 'src/protocol/json-input.ts';

/** Each is a part of what is declared; on a server, or a page, or both. */
const BROKEN = [
  ['who somebody is', 'identity: User;', 'identity: string;'],
  ['a model', 'Task: Task;', 'Tsak: Task;'],
  ['a row', 'Task: Task;', 'Task: Line;'],
  ['the type of a field', 'readonly due: Date;', 'readonly due: number;'],
  ['a channel', 'news: Article;', 'nws: Article;'],
  ['a message', 'news: Article;', 'news: Task;'],
  ['channels of a pattern', '[room: `room:', '[room: `hall:'],
  ['a service', 'calculator: CalculatorApi', 'counter: CalculatorApi'],
  ['a command', '  sum(params', '  add(params'],
  ['a result', ': number;\n  last', ': string;\n  last'],
] as const;

describe.each(['page', 'server'])('What a %s declares', (side) => {
  let project: Project;

  beforeAll(() => {
    project = new Project(`${HERE}/${side}/tsconfig.json`, `declared/${side}`);
  });

  function complaints(instead: Instead = new Map()): string[] {
    return project.compileOwn(instead);
  }

  it('is what it is held to', () => {
    expect(complaints()).toEqual([]);
  }, 60_000);

  it.each(BROKEN)(
    'holds it to %s',
    (_what, part, other) => {
      expect(complaints(changed(SHARED, part, other))).not.toEqual([]);
    },
    60_000,
  );

  it('means nothing where it is not declared', () => {
    const without = changed(SHARED, 'interface SnorkyTypes', 'interface Other');
    const found = complaints(without);
    // All that was refused is taken.
    expect(found.filter((line) => line.includes('2578 Unused'))).not.toEqual(
      [],
    );
  }, 60_000);

  it.each([
    ['rows', DECLARATIONS, 'Rows extends Row\n', 'unknown extends unknown\n'],
    ['models', DECLARATIONS, /'models',\n {2}(DeclaredModel,|\{)/g, "'x', $1"],
    [
      'channels',
      DECLARATIONS,
      'Channel extends string ? DeclaredChannel : ',
      '',
    ],
    [
      'messages',
      DECLARATIONS,
      'Channel extends DeclaredChannel ? Channels[Channel] : ',
      '',
    ],
    ['functions', INPUT, /\? NotJson<`\S+ is a function`>/, '? T'],
    [
      'what is declared of a service',
      DECLARATIONS,
      'Services[Name] : never',
      'never : never',
    ],
  ] as const)(
    'needs %s to be looked at',
    (_what, file, part, other) => {
      expect(complaints(changed(file, part, other))).not.toEqual([]);
    },
    60_000,
  );
});

describe('A server', () => {
  let project: Project;

  beforeAll(() => {
    project = new Project(`${HERE}/server/tsconfig.json`, 'declared/server');
  });

  it('may declare by the other name of the package, too', () => {
    const other = changed(SHARED, /'snorky\/client'/g, "'snorky'");
    expect(project.compileOwn(other)).toEqual([]);
  }, 60_000);

  it('is held to what clients may call', () => {
    const [file] = [`${HERE}/server/mistake.ts`];
    const mistake = new Map([
      [
        file,
        `import { SnorkyService, type PubSubService } from 'snorky';
         import type {} from '../shared/app-types.js';
         @SnorkyService('calculator')
         export class Calculator { sum(): number { return 1; } }
         interface Report { readonly id: number; readonly seen: Map<string, Date> }
         export const send = (pubsub: PubSubService, report: Report) =>
           pubsub.broadcast(['reports'], report);
         export const shout = (pubsub: PubSubService) =>
           pubsub.broadcast('nws', {});
         export const half = (pubsub: PubSubService) =>
           pubsub.broadcast('room:7', { txt: 'Hi' });`,
      ],
    ]);
    const found = project
      .compile(mistake)
      .filter((line) => line.startsWith(file));
    // Each tells the name of what is wrong.
    expect(found).toEqual([
      expect.stringMatching(/Property 'last' is missing in type 'Calculator'/),
      expect.stringMatching(/seen keeps what it holds from JSON/),
      expect.stringMatching(/"nws"/),
      expect.stringMatching(/'txt' does not exist in type 'Line'/),
    ]);
  }, 60_000);
});
