import { describe, expect, it } from '@jest/globals';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import ts from 'typescript';

/**
 * Nest copies instances (`forwardRef`) and puts them in proxies
 * (`instanceDecorator`): a `#field` is lost on the way, and a plain one that
 * changes is another one in each copy.
 */

const SRC = join(import.meta.dirname, '../../src');

/** Their classes never meet Nest. */
const APART = ['client', 'protocol'];

interface Found {
  readonly file: string;
  readonly base: string | undefined;
  /** Whether Nest may make one: its file knows Nest. */
  readonly besideNest: boolean;
  readonly hidden: readonly string[];
  /** Fields that change and have a name that is no symbol. */
  readonly changing: readonly string[];
}

const sources = readdirSync(SRC, { recursive: true, encoding: 'utf8' })
  .filter((file) => file.endsWith('.ts'))
  .filter((file) => !APART.includes(file.split('/')[0] as string))
  .map((file) => parse(file, readFileSync(join(SRC, file), 'utf8')));

const classes = new Map(sources.flatMap(classesOf));

const exported = new Set(
  sources
    .filter(({ fileName }) => /^(testing\/)?index\.ts$/.test(fileName))
    .flatMap(exportedNames)
    .filter((name) => classes.has(name)),
);

function parse(file: string, text: string): ts.SourceFile {
  return ts.createSourceFile(file, text, ts.ScriptTarget.ES2022);
}

function classesOf(source: ts.SourceFile): [string, Found][] {
  const found: [string, Found][] = [];
  const text = source.text;
  const besideNest = /from '@nestjs\//.test(text);
  const visit = (node: ts.Node): void => {
    if (ts.isClassLike(node)) {
      const name = node.name?.text ?? `a class of ${source.fileName}`;
      found.push([name, describeClass(source, node, besideNest)]);
    }
    ts.forEachChild(node, visit);
  };
  visit(source);
  return found;
}

function describeClass(
  source: ts.SourceFile,
  node: ts.ClassLikeDeclaration,
  besideNest: boolean,
): Found {
  const hidden: string[] = [];
  const changing: string[] = [];
  for (const member of node.members) {
    const { name } = member;
    if (name !== undefined && ts.isPrivateIdentifier(name)) {
      hidden.push(name.text);
    }
    if (!ts.isPropertyDeclaration(member)) continue;
    const is = (kind: ts.SyntaxKind): boolean =>
      member.modifiers?.some((modifier) => modifier.kind === kind) ?? false;
    if (
      !is(ts.SyntaxKind.ReadonlyKeyword) &&
      !is(ts.SyntaxKind.StaticKeyword) &&
      !ts.isComputedPropertyName(member.name) &&
      !ts.isPrivateIdentifier(member.name)
    ) {
      changing.push(member.name.getText(source));
    }
  }
  const extended = node.heritageClauses?.find(
    ({ token }) => token === ts.SyntaxKind.ExtendsKeyword,
  );
  return {
    file: source.fileName,
    base: extended?.types[0]?.expression.getText(source),
    besideNest,
    hidden,
    changing,
  };
}

function exportedNames(source: ts.SourceFile): string[] {
  return source.statements.filter(ts.isExportDeclaration).flatMap((one) => {
    const clause = one.exportClause;
    return clause !== undefined && ts.isNamedExports(clause)
      ? clause.elements.map(({ name }) => name.text)
      : [];
  });
}

/** A class and what it extends. */
function lineOf(name: string): string[] {
  const base = classes.get(name)?.base;
  return base === undefined ? [name] : [name, ...lineOf(base)];
}

const made = [...classes]
  .filter(([, { besideNest }]) => besideNest)
  .map(([name]) => name);
const reachable = [...new Set([...exported, ...made].flatMap(lineOf))].sort();
const extendable = reachable.filter((name) =>
  lineOf(name).some((one) => one === 'Service' || one === 'Dealer'),
);

describe('the classes that Nest may copy or wrap', () => {
  it('are found in src', () => {
    expect(reachable).toEqual(
      expect.arrayContaining([
        'BackendHost',
        'BroadcastDealer',
        'Client',
        'DataSyncService',
        'Dealer',
        'DelayedBroker',
        'FilterDealer',
        'MemoryBroker',
        'PubSubService',
        'RpcRequest',
        'RpcService',
        'Service',
        'ServiceExplorer',
        'ServiceRegistry',
        'SimpleDealer',
        'SnorkyModule',
        'SubscribableRoute',
      ]),
    );
    expect(extendable.length).toBeGreaterThanOrEqual(10);
  });

  it.each(reachable)('%s has no #fields', (name) => {
    expect(classes.get(name)?.hidden ?? []).toEqual([]);
  });

  it.each(extendable)('%s has no plain fields that change', (name) => {
    expect(classes.get(name)?.changing).toEqual([]);
  });

  it('would be told apart from those that keep to the rule', () => {
    const [[, found]] = classesOf(
      parse(
        'a.ts',
        `class A extends Service { #a = 1; #b() {} count = 0; readonly d = 1; private readonly [own] = {}; static e = 1 }`,
      ),
    ) as [[string, Found]];
    expect(found.hidden).toEqual(['#a', '#b']);
    expect(found.changing).toEqual(['count']);
    expect(found.base).toBe('Service');
  });
});
