import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import ts from 'typescript';

const SOURCE = join(import.meta.dirname, '../../src');

/** An option, as the interface of its kind declares it. */
export interface DeclaredOption {
  readonly name: string;
  readonly isRequired: boolean;
  /** What `@default` says, on one line. */
  readonly default: string | undefined;
}

/** What a file declares, read from its source. */
export class Declarations {
  private constructor(private readonly file: ts.SourceFile) {}

  /** The file of the connector that declares something, wherever that is. */
  static async with(name: string, room = 'client'): Promise<Declarations> {
    const folder = join(SOURCE, room);
    for (const path of await readdir(folder, { recursive: true })) {
      if (!path.endsWith('.ts')) continue;
      const text = await readFile(join(folder, path), 'utf8');
      if (!new RegExp(`^(export )?\\w+ ${name}\\b`, 'm').test(text)) continue;
      const { ESNext } = ts.ScriptTarget;
      return new Declarations(ts.createSourceFile(path, text, ESNext, true));
    }
    throw new Error(`Nobody declares "${name}".`);
  }

  /** The text of files of `src`. */
  static async texts(...paths: readonly string[]): Promise<string> {
    const texts = paths.map((path) => readFile(join(SOURCE, path), 'utf8'));
    return (await Promise.all(texts)).join('\n');
  }

  /** The names of an interface's members. */
  membersOf(name: string): string[] {
    return this.interface(name).members.map(
      (member) => member.name?.getText() ?? '',
    );
  }

  /** The members of an interface of options, without those that it extends. */
  optionsOf(name: string): DeclaredOption[] {
    return this.interface(name).members.map((member) => ({
      name: member.name?.getText() ?? '',
      isRequired: member.questionToken === undefined,
      default: defaultOf(member),
    }));
  }

  /** The public members of a class that applications use. */
  publicOf(name: string): string[] {
    const found = this.file.statements.find(
      (one) => ts.isClassDeclaration(one) && one.name?.text === name,
    ) as ts.ClassDeclaration | undefined;
    if (found === undefined) throw new Error(`No class "${name}".`);
    const names = found.members
      .filter((member) => {
        const flags = ts.getCombinedModifierFlags(member);
        const hidden = ts.ModifierFlags.Private | ts.ModifierFlags.Static;
        return member.name !== undefined && (flags & hidden) === 0;
      })
      .map((member) => member.name?.getText() ?? '')
      .filter((member) => !/^(#|\$|__)/.test(member));
    // A method may be declared several times.
    return [...new Set(names)];
  }

  /** The texts of a type that is a choice of them. */
  choicesOf(name: string): string[] {
    const found = this.file.statements.find(
      (one) => ts.isTypeAliasDeclaration(one) && one.name.text === name,
    ) as ts.TypeAliasDeclaration | undefined;
    if (found === undefined) throw new Error(`No type "${name}".`);
    return (found.type as ts.UnionTypeNode).types.map(
      (one) => ((one as ts.LiteralTypeNode).literal as ts.StringLiteral).text,
    );
  }

  /** The names of a constant object's members. */
  keysOf(name: string): string[] {
    const keys: string[] = [];
    this.visit((node) => {
      if (!ts.isVariableDeclaration(node) || node.name.getText() !== name) {
        return;
      }
      let value = node.initializer;
      while (value !== undefined && ts.isAsExpression(value)) {
        value = value.expression;
      }
      for (const { name: key } of (value as ts.ObjectLiteralExpression)
        .properties) {
        keys.push(key?.getText() ?? '');
      }
    });
    return keys;
  }

  /** What stands in for an option that is not given, as it is written. */
  defaults(): Map<string, string> {
    const found = new Map<string, string>();
    this.visit((node) => {
      if (
        ts.isBinaryExpression(node) &&
        node.operatorToken.kind === ts.SyntaxKind.QuestionQuestionToken &&
        ts.isPropertyAccessExpression(node.left)
      ) {
        found.set(node.left.name.text, valueOf(node.right));
      } else if (ts.isBindingElement(node) && node.initializer !== undefined) {
        const name = node.propertyName ?? node.name;
        found.set(name.getText(), valueOf(node.initializer));
      }
    });
    return found;
  }

  private interface(name: string): ts.InterfaceDeclaration {
    const found = this.file.statements.find(
      (one) => ts.isInterfaceDeclaration(one) && one.name.text === name,
    );
    if (found === undefined) throw new Error(`No interface "${name}".`);
    return found as ts.InterfaceDeclaration;
  }

  private visit(see: (node: ts.Node) => void): void {
    const walk = (node: ts.Node): void => {
      see(node);
      ts.forEachChild(node, walk);
    };
    walk(this.file);
  }
}

function defaultOf(member: ts.Node): string | undefined {
  const tag = ts
    .getJSDocTags(member)
    .find(({ tagName }) => tagName.text === 'default');
  const text = ts.getTextOfJSDocComment(tag?.comment);
  return text?.replaceAll(/\s+/g, ' ').trim();
}

/** Numbers without their separators. */
function valueOf(node: ts.Expression): string {
  const text = node.getText();
  return ts.isNumericLiteral(node) ? text.replaceAll('_', '') : text;
}
