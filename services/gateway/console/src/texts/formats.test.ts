import { afterEach, expect, test } from 'vitest';
import { language } from './dictionary';
import { formatBytes, formatDuration } from './formats';

afterEach(() => {
  language.value = 'vi';
});

test.each([
  [-5, '0 giây', '0 s'],
  [59_999, '59 giây', '59 s'],
  [60_000, '1 phút', '1 min'],
  [3_599_999, '59 phút', '59 min'],
  [7_200_000, '2 giờ', '2 h'],
  [86_400_000, '1 ngày', '1 day'],
  [200_000_000, '2 ngày', '2 days'],
])('%d ms are %s', (ms, vi, en) => {
  expect(formatDuration(ms)).toBe(vi);
  language.value = 'en';
  expect(formatDuration(ms)).toBe(en);
});

test('sizes are in their largest unit', () => {
  expect([0, 1023, 1024, 1_572_864].map(formatBytes)).toEqual(['0 B', '1.023 B', '1 KB', '1,5 MB']);
});
