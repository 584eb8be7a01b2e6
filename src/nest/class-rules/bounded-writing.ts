import { PartCount } from '../../core/json/part-count.js';

type Transformer = typeof import('class-transformer');

/** Writes an instance out as the decorators of its classes demand. */
export type WritesOut = (instance: object) => unknown;

/** The class with which class-transformer walks through an object. */
interface Walk {
  transform(source: undefined, value: unknown, ...rest: unknown[]): unknown;
}

type WalkClass = new (kind: number, options: object) => Walk;

/** The defaults of class-transformer; all other options are off. */
const OPTIONS = { exposeUnsetFields: true };

/**
 * `instanceToPlain` with a bound: it throws NotJson for a value with too many
 * parts. The package itself cannot be told to stop: a few instances that share
 * others would hold the process for minutes. If the package's walk cannot be
 * found, or is of another copy than the application's, this is the plain
 * `instanceToPlain`.
 */
export async function boundedWriting(
  transformer: Transformer,
): Promise<WritesOut> {
  const unbounded: WritesOut = (instance) =>
    transformer.instanceToPlain(instance);
  const walk = await walkClass();
  if (walk === undefined) return unbounded;
  const kind = transformer.TransformationType.CLASS_TO_PLAIN;
  class BoundedWalk extends walk {
    private readonly parts = new PartCount();

    override transform(
      source: undefined,
      value: unknown,
      ...rest: unknown[]
    ): unknown {
      this.parts.next();
      return super.transform(source, value, ...rest);
    }
  }
  const bounded: WritesOut = (instance) =>
    new BoundedWalk(kind, OPTIONS).transform(undefined, instance);
  return isAlike(bounded, transformer) ? bounded : unbounded;
}

async function walkClass(): Promise<WalkClass | undefined> {
  // Not a literal: bundlers would include the package as another copy.
  const path = [
    'class-transformer',
    'cjs',
    'TransformOperationExecutor.js',
  ].join('/');
  try {
    const { TransformOperationExecutor: walk } = (await import(path)) as {
      readonly TransformOperationExecutor?: unknown;
    };
    return typeof walk === 'function' ? (walk as WalkClass) : undefined;
  } catch {
    return undefined;
  }
}

/** Whether the bounded walk knows the decorators of the application's copy. */
function isAlike(bounded: WritesOut, transformer: Transformer): boolean {
  class Inner {
    hidden = 1;
    shown = 1;
  }
  class Probe {
    hidden = 1;
    named = 1;
    inner: unknown[] = [new Inner()];
  }
  transformer.Exclude()(Inner.prototype, 'hidden');
  transformer.Exclude()(Probe.prototype, 'hidden');
  transformer.Expose({ name: 'other' })(Probe.prototype, 'named');
  try {
    const text = JSON.stringify(bounded(new Probe()));
    return text === '{"other":1,"inner":[{"shown":1}]}';
  } catch {
    return false;
  }
}
