import { expect, test } from 'vitest';
import { overlay } from './own-changes';

const listed = [
  { id: 'b', version: 4 },
  { id: 'a', version: 2 },
];

test('what the viewer added, changed and removed is shown before it is listed', () => {
  const own = new Map([
    ['c', { id: 'c', version: 5 }],
    ['d', { id: 'd', version: 6 }],
    ['b', { id: 'b', version: 7 }],
    ['a', null],
  ]);
  expect(overlay(listed, own)).toEqual([
    { id: 'd', version: 6 },
    { id: 'c', version: 5 },
    { id: 'b', version: 7 },
  ]);
});

test('what others changed later is shown as it is listed', () => {
  expect(overlay(listed, new Map([['b', { id: 'b', version: 3 }]]))).toEqual(listed);
});
