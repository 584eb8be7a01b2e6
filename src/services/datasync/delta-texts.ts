import { encodeJson } from '../../protocol/envelope.js';
import type { JsonValue } from '../../protocol/json.js';
import type { Delta } from './delta.js';

/**
 * The JSON texts of deltas, made once for all to whom they go: of one delta of
 * the log there are at most three, as an update, an insert and a delete.
 */
export class DeltaTexts {
  private readonly full = new WeakMap<Delta, string>();
  private readonly plain = new WeakMap<Delta, string>();

  /** As resumable subscriptions get it. */
  withVersion(delta: Delta): string {
    return remembered(this.full, delta, delta);
  }

  /** As the original's clients get it: nothing that they did not ask for. */
  withoutVersion(delta: Delta): string {
    if (delta.version === undefined) return this.withVersion(delta);
    const { version: _, ...rest } = delta;
    return remembered(this.plain, delta, rest);
  }
}

function remembered(
  texts: WeakMap<Delta, string>,
  delta: Delta,
  value: object,
): string {
  let text = texts.get(delta);
  if (text === undefined) {
    text = encodeJson(value);
    texts.set(delta, text);
  }
  return text;
}

/** Members of the notification, in the order in which they are written. */
export function deltasText(
  token: string,
  deltas: readonly string[],
  position: JsonValue,
): string {
  return `{"type":"deltas","subscription":${JSON.stringify(token)},"deltas":[${deltas.join(',')}],"position":${encodeJson(position)}}`;
}
