import { afterAll, afterEach, beforeEach, jest } from '@jest/globals';

/**
 * Keeps errors off the console in each test of a file. What it returns has those of
 * the test that is running.
 */
export function hushedErrors(): jest.SpiedFunction<typeof console.error> {
  const errors = jest.spyOn(console, 'error');
  beforeEach(() => {
    errors.mockImplementation(() => {});
  });
  afterEach(() => {
    errors.mockReset();
  });
  afterAll(() => {
    errors.mockRestore();
  });
  return errors;
}
