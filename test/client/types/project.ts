import { readdirSync } from 'node:fs';
import { join, relative } from 'node:path';
import ts from 'typescript';

const ROOT = join(import.meta.dirname, '../../..');

/** Files that the compiler shall read in place of what is there. */
export type Instead = ReadonlyMap<string, string>;

/** What has been read with the settings of a project. */
const PARSED = new Map<string, Map<string, ts.SourceFile | undefined>>();

/** Compiles files with the settings of a project, as often as is asked for. */
export class Project {
  private readonly options: ts.CompilerOptions;
  private readonly files: readonly string[];
  private readonly parsed: Map<string, ts.SourceFile | undefined>;
  private first: ts.Program | undefined;

  constructor(tsconfig: string, directory: string) {
    const config = ts.getParsedCommandLineOfConfigFile(
      join(ROOT, tsconfig),
      {},
      {
        ...ts.sys,
        onUnRecoverableConfigFileDiagnostic: ({ messageText }) => {
          throw new Error(ts.flattenDiagnosticMessageText(messageText, '\n'));
        },
      },
    );
    this.options = config?.options ?? {};
    this.parsed = PARSED.get(tsconfig) ?? new Map();
    PARSED.set(tsconfig, this.parsed);
    const place = join(import.meta.dirname, directory);
    this.files = readdirSync(place)
      .filter((name) => name.endsWith('.ts'))
      .map((name) => join(place, name));
  }

  /** What the compiler says. */
  compile(instead: Instead = new Map()): string[] {
    const program = this.program(instead);
    return ts.getPreEmitDiagnostics(program).map(lineOf);
  }

  /** What the compiler says of this project's own files, and of those added to it. */
  compileOwn(instead: Instead): string[] {
    const program = this.program(instead);
    const added = [...instead.keys()]
      .map((file) => join(ROOT, file))
      .filter((file) => !ts.sys.fileExists(file));
    return [...this.files, ...added].flatMap((file) =>
      program.getSemanticDiagnostics(program.getSourceFile(file)).map(lineOf),
    );
  }

  private program(instead: Instead): ts.Program {
    const host = ts.createCompilerHost(this.options);
    const read = host.getSourceFile.bind(host);
    host.getSourceFile = (file, target) => {
      const text = instead.get(relative(ROOT, file));
      if (text !== undefined) return ts.createSourceFile(file, text, target);
      if (!this.parsed.has(file)) this.parsed.set(file, read(file, target));
      return this.parsed.get(file);
    };
    const exists = host.fileExists.bind(host);
    host.fileExists = (file) =>
      instead.has(relative(ROOT, file)) || exists(file);
    const added = [...instead.keys()].map((file) => join(ROOT, file));
    // From the first one, others have where what is imported is.
    const program = ts.createProgram(
      [...this.files, ...added],
      this.options,
      host,
      this.first,
    );
    this.first ??= program;
    return program;
  }
}

function lineOf({ file, code, messageText }: ts.Diagnostic): string {
  const text = ts.flattenDiagnosticMessageText(messageText, '\n');
  return `${relative(ROOT, file?.fileName ?? ROOT)}: ${code} ${text}`;
}

/** A file with one part of it written otherwise. */
export function changed(
  path: string,
  part: string | RegExp,
  other: string,
): Instead {
  const text = ts.sys.readFile(join(ROOT, path)) ?? '';
  const otherText = text.replace(part, other);
  if (otherText === text) throw new Error(`${path} has no ${String(part)}.`);
  return new Map([[path, otherText]]);
}
