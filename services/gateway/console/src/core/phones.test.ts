import { expect, it, test } from 'vitest';
import { markPhones } from './phones';

it.each([
  ['sđt 0901234567 nha', '0901234567'],
  ['+84 901 234 567', '0901234567'],
  ['090.123.4567', '0901234567'],
])('%s', (text, phone) => {
  expect(markPhones(text).map((each) => each.phone)).toEqual([phone]);
});

it.each(['giá 0123456', 'đơn 10901234567', 'A1 xanh'])('%s has none', (text) => {
  expect(markPhones(text)).toEqual([]);
});

test('it is marked where it stands', () => {
  const [found] = markPhones('A1 0901234567 xanh');
  expect([found?.start, found?.end]).toEqual([3, 13]);
});
