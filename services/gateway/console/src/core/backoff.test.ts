import fc from 'fast-check';
import { expect, test } from 'vitest';
import { waitBefore } from './backoff';

test('waits grow, end at half a minute, and never end', () => {
  fc.assert(
    fc.property(fc.nat(10_000), fc.double({ min: 0, max: 1, noNaN: true }), (attempts, random) => {
      const wait = waitBefore(attempts, random);
      expect(wait).toBeGreaterThanOrEqual(250);
      expect(wait).toBeLessThanOrEqual(30_000);
    }),
  );
  expect(waitBefore(9, 0)).toBe(15_000);
});
