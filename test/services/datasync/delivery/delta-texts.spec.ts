import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import type { JsonValue } from '../../../../src/protocol/json.js';
import { envelopePrefix } from '../../../../src/protocol/envelope.js';
import type { Delta } from '../../../../src/protocol/delta.js';
import {
  EntryTexts,
  ReplayedEntries,
} from '../../../../src/services/datasync/delivery/delta-texts.js';
import { newToken } from '../../../../src/services/datasync/tokens/token.js';

describe('The messages of one entry', () => {
  const deltas = fc.array(fc.jsonValue(), { minLength: 1, maxLength: 3 });

  it('are what the protocol says, whoever comes after whom', () => {
    fc.assert(
      fc.property(
        fc.string(),
        fc.jsonValue(),
        fc.array(deltas, { minLength: 1, maxLength: 4 }),
        fc.array(fc.nat(), { maxLength: 10 }),
        (service, position, batches, order) => {
          const texts = new EntryTexts(
            envelopePrefix(service),
            position as JsonValue,
          );
          for (const index of order) {
            const batch = batches[index % batches.length] as unknown[];
            const token = newToken();
            const parts = batch.map((delta) => JSON.stringify(delta));
            const envelope = {
              service,
              message: {
                type: 'deltas',
                subscription: token,
                deltas: batch,
                position,
              },
            };
            expect(texts.of(token, parts.join(','))).toBe(
              JSON.stringify(envelope),
            );
          }
        },
      ),
    );
  });

  it('are made once for all who missed it, and anew where a list comes at two places', () => {
    const entries = new ReplayedEntries();
    const list: Delta[] = [{ type: 'insert', model: 'Task', data: 1 }];
    const first = entries.of(list, 'a1', '');
    expect(entries.of(list, 'a1', '')).toBe(first);
    expect(entries.of(list, 'a2', '').of('t', '1')).toBe(
      '{"type":"deltas","subscription":"t","deltas":[1],"position":"a2"}}',
    );
    expect(entries.of([...list], 'a1', '')).not.toBe(first);
  });
});
