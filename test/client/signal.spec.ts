import {
  afterEach,
  beforeEach,
  describe,
  expect,
  it,
  jest,
} from '@jest/globals';
import { Signal } from 'snorky/client';

describe('Signal', () => {
  let errors: ReturnType<typeof jest.spyOn>;
  beforeEach(() => {
    errors = jest.spyOn(console, 'error').mockImplementation(() => {});
  });
  afterEach(() => errors.mockRestore());

  it('calls its listeners in order, with context and arguments', () => {
    const signal = new Signal<[number, string]>();
    const heard: unknown[] = [];
    const context = { name: 'context' };
    signal.add((...args) => heard.push(args));
    signal.add(function (this: unknown) {
      heard.push(this);
    }, context);
    signal.dispatch(1, 'a');
    expect(heard).toEqual([[1, 'a'], context]);
  });

  it('adds the same listener once for each context', () => {
    const signal = new Signal();
    const listener = jest.fn();
    signal.add(listener);
    signal.add(listener);
    signal.add(listener, {});
    signal.dispatch();
    expect(listener).toHaveBeenCalledTimes(2);
  });

  it('removes what was added with the same context', () => {
    const signal = new Signal();
    const listener = jest.fn();
    const context = {};
    signal.add(listener, context);
    signal.remove(listener);
    expect(signal.has(listener, context)).toBe(true);
    signal.remove(listener, context);
    expect(signal.has(listener, context)).toBe(false);
    const stop = signal.add(listener);
    stop();
    stop();
    signal.add(listener);
    signal.removeAll();
    signal.dispatch();
    expect(listener).not.toHaveBeenCalled();
  });

  it('calls those who were added once no more than that', () => {
    const signal = new Signal();
    const listener = jest.fn(() => signal.dispatch());
    signal.addOnce(listener);
    signal.dispatch();
    signal.dispatch();
    expect(listener).toHaveBeenCalledTimes(1);
  });

  it('does not call who is removed meanwhile, nor who is added meanwhile', () => {
    const signal = new Signal();
    const removed = jest.fn();
    const added = jest.fn();
    signal.add(() => {
      signal.remove(removed);
      signal.add(added);
    });
    signal.add(removed);
    signal.dispatch();
    expect(removed).not.toHaveBeenCalled();
    expect(added).not.toHaveBeenCalled();
    signal.dispatch();
    expect(added).toHaveBeenCalledTimes(1);
  });

  it('goes on when a listener throws, and reports that', () => {
    const signal = new Signal();
    const after = jest.fn();
    const error = new Error('broken');
    signal.add(() => {
      throw error;
    });
    signal.add(after);
    signal.dispatch();
    expect(after).toHaveBeenCalled();
    expect(errors.mock.calls).toEqual([[error]]);
  });

  it('reports as the platform does, where it can', () => {
    const scope = globalThis as { reportError?: unknown };
    const reportError = jest.fn();
    scope.reportError = reportError;
    try {
      const signal = new Signal();
      signal.add(() => {
        throw new Error('broken');
      });
      signal.dispatch();
      expect(reportError).toHaveBeenCalledTimes(1);
      expect(errors).not.toHaveBeenCalled();
    } finally {
      delete scope.reportError;
    }
  });
});
