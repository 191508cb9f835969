import { expect, test } from 'vitest';
import { matching } from './options';

const options = ['Chào buổi sáng', 'Hẹn giao hàng', 'Xin chào'].map((text) => ({
  value: text,
  text,
}));
const found = (query: string) => matching(options, query).map(({ text }) => text);

test('I7: what is looked for is found without accents and case, its beginning first', () => {
  expect(found('chao')).toEqual(['Chào buổi sáng', 'Xin chào']);
  expect(found('GIAO hang')).toEqual(['Hẹn giao hàng']);
  expect(found('sang chao')).toEqual(['Chào buổi sáng']);
  expect(found('')).toHaveLength(3);
  expect(found('không có')).toEqual([]);
});
