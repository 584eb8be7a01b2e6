import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import type { JsonValue } from '../../../../src/protocol/json.js';
import { envelopePrefix } from '../../../../src/protocol/envelope.js';
import type { Delta } from '../../../../src/protocol/delta.js';
import {
  EntryTexts,
  ReplayedEntries,
} from '../../../../src/services/datasync/delivery/delta-texts.js';
import { range } from '../../../support/services/datasync.js';
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

  it('are those of its own place, where a list comes at two', () => {
    const entries = new ReplayedEntries();
    const list: Delta[] = [{ type: 'insert', model: 'Task', data: 1 }];
    for (const position of ['a1', 'a2', 'a1']) {
      expect(entries.message(list, position, '', 't', '1')).toBe(
        `{"type":"deltas","subscription":"t","deltas":[1],"position":"${position}"}}`,
      );
    }
  });

  it('are right beyond what is kept for who comes next', () => {
    const entries = new ReplayedEntries(300);
    const lists = range(1, 9).map((n): Delta[] => [
      { type: 'insert', model: 'Task', data: n },
    ]);
    for (const token of ['t', 'u']) {
      for (const [at, list] of lists.entries()) {
        const message = entries.message(
          list,
          at,
          '',
          token,
          JSON.stringify(list[0]),
        );
        expect(JSON.parse(message.slice(0, -1))).toEqual({
          type: 'deltas',
          subscription: token,
          deltas: list,
          position: at,
        });
        expect(entries.size).toBeLessThanOrEqual(300);
      }
    }
  });
});
