import { describe, expect, it, jest } from '@jest/globals';
import { PreparedMessage } from '../../../src/core/clients/prepared-message.js';

describe('A prepared message', () => {
  it('is encoded once per kind of transport, however many deliver it', () => {
    const message = new PreparedMessage('{}');
    const upper = jest.fn((text: string) => Buffer.from(`A${text}`));
    const lower = jest.fn((text: string) => Buffer.from(`a${text}`));
    const third = jest.fn((text: string) => Buffer.from(`3${text}`));
    const first = message.as(upper);
    for (let i = 0; i < 3; i++) {
      expect(message.as(upper)).toBe(first);
      expect(message.as(lower)).toEqual(Buffer.from('a{}'));
      expect(message.as(third)).toBe(message.as(third));
    }
    expect(first).toEqual(Buffer.from('A{}'));
    expect(upper).toHaveBeenCalledTimes(1);
    expect(lower).toHaveBeenCalledTimes(1);
    expect(third).toHaveBeenCalledTimes(1);
  });

  it('is not encoded while nobody wants it', () => {
    expect(new PreparedMessage('{}').text).toBe('{}');
  });
});
