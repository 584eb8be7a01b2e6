import type { JsonValue } from '../../protocol/json.js';

/**
 * Whether the JSON text of a value has more bytes than a limit. The walk ends
 * where that is certain: a stranger's value of a megabyte costs no more than one
 * at the limit. A text alone counts without its quotes and escapes.
 */
export function isLonger(value: JsonValue, limit: number): boolean {
  if (typeof value === 'string') return isLongerText(value, limit);
  if (typeof value !== 'object' || value === null) {
    return String(value).length > limit;
  }
  // Of each part at least: quotes and escapes come on top.
  let least = 0;
  const left: JsonValue[] = [value];
  for (let part = left.pop(); part !== undefined; part = left.pop()) {
    if (typeof part === 'string') least += part.length + 2;
    else if (typeof part !== 'object' || part === null) {
      least += String(part).length;
    } else if (Array.isArray(part)) {
      least += part.length + 1;
      if (least > limit) return true;
      for (const one of part as readonly JsonValue[]) left.push(one);
    } else {
      least += 1;
      for (const name of Object.keys(part)) {
        const member = (part as Readonly<Record<string, JsonValue>>)[name];
        least += name.length + 4;
        if (least > limit) return true;
        if (member !== undefined) left.push(member);
      }
    }
    if (least > limit) return true;
  }
  return isLongerText(JSON.stringify(value), limit);
}

function isLongerText(text: string, limit: number): boolean {
  // Each unit of UTF-16 is one byte of UTF-8 at least, and three at most.
  if (text.length > limit) return true;
  return text.length * 3 > limit && Buffer.byteLength(text) > limit;
}
