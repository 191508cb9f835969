import { expect, test } from 'vitest';
import { colourOf, initialsOf } from './person';

test.each([
  ['Nguyễn Thị Lan', 'TL'],
  ['lan', 'L'],
  ['Đặng Ánh', 'ĐÁ'],
  ['  ', '?'],
  [null, '?'],
  ['😀 Hà', '😀H'],
])('the initials of %s are %s', (name, initials) => {
  expect(initialsOf(name)).toBe(initials);
});

test('a name has a colour of its own, which stays', () => {
  expect(colourOf('Lan')).toBe(colourOf('Lan'));
  expect(colourOf('Lan')).not.toBe(colourOf('Minh'));
});
