import { PartCount } from '../../core/json/part-count.js';

type Transformer = typeof import('class-transformer');

/** Writes an instance out as the decorators of its classes have it. */
export type WritesOut = (instance: object) => unknown;

/** What class-transformer walks through an object with. */
interface Walk {
  transform(source: undefined, value: unknown, ...rest: unknown[]): unknown;
}

type WalkClass = new (kind: number, options: object) => Walk;

/** As class-transformer's own defaults: the others are all off. */
const OPTIONS = { exposeUnsetFields: true };

/**
 * `instanceToPlain`, but it ends with a NotJson at what has too many parts. The
 * package cannot be told to stop: a few instances that share others would hold the
 * process for minutes. Where its walk is not found, or is of another copy than the
 * application's, it is `instanceToPlain` itself.
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
  // No literal: bundlers would take it along, as another copy.
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

/** Whether it knows what the application's decorators say. */
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
