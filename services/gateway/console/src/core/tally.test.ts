import { expect, test } from 'vitest';
import { Rate, Tally } from './tally';

test('things are counted by the marks that they have now', () => {
  const tally = new Tally();
  tally.put('a', ['mine', 'failed']);
  tally.put('b', ['mine']);
  tally.put('a', []);
  expect([tally.count('mine'), tally.count('failed')]).toEqual([1, 0]);
});

test('a rate forgets what is older than its seconds', () => {
  const rate = new Rate(3);
  rate.note(1000, 1000);
  rate.note(1001, 1001);
  rate.note(1001, 1001);
  rate.note(990, 1001);
  expect(rate.read(1001)).toEqual([0, 1, 2]);
  expect(rate.read(1003)).toEqual([2, 0, 0]);
  expect(rate.read(9999)).toEqual([0, 0, 0]);
});
