import { INTERCEPTORS_METADATA } from '../../../nest/setup/nest-internals.js';

/** The interceptors of a method, the outermost first. */
export function interceptorsOf(method: object): readonly unknown[] {
  return (Reflect.getMetadata(INTERCEPTORS_METADATA, method) ??
    []) as readonly unknown[];
}

/**
 * Makes one of a method's interceptors the innermost, wherever its decorator is
 * written. An interceptor inside of it could answer from a cache. The rows
 * would then be older than the token, and changes in between would be lost.
 */
export function moveInside(method: object, own: unknown): void {
  const all = interceptorsOf(method);
  if (all.at(-1) === own || !all.includes(own)) return;
  const sorted = [...all.filter((one) => one !== own), own];
  Reflect.defineMetadata(INTERCEPTORS_METADATA, sorted, method);
}
