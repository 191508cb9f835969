import fc from 'fast-check';
import { expect, test } from 'vitest';
import { parse } from '../../router';
import {
  address,
  type Chosen,
  inboxView,
  neighbour,
  readChosen,
  readSaved,
  toFilter,
  toSaved,
} from './filters';

const text = fc.string({ minLength: 1, maxLength: 12 }).filter((one) => one.trim() === one);
const chosen: fc.Arbitrary<Chosen> = fc.record(
  {
    state: fc.constant('unread' as const),
    assignee: fc.constantFrom('me', 'none', 'lan'),
    page: text,
    tag: text,
    q: text,
    done: fc.constant('true' as const),
  },
  { requiredKeys: [] },
);

test('I4: an address has what was chosen, and gives it back', () => {
  fc.assert(
    fc.property(chosen, (given) => {
      const route = parse(address('comments', 'com_1', given));
      expect(inboxView(route)).toBe('comments');
      expect(readChosen(route.query)).toEqual(given);
    }),
  );
});

test('I15: a saved view opens the list in which it was saved, with what was chosen there', () => {
  const view = fc.constantFrom('inbox', 'comments', 'zalo', 'livechat');
  fc.assert(
    fc.property(view, chosen, (of, given) => {
      const saved = toSaved(of as 'inbox', given);
      expect(readSaved({ ...saved })).toEqual({ view: of, chosen: given });
    }),
  );
});

test('I12: what is done is left out until somebody asks for it or looks for a name', () => {
  expect(toFilter('inbox', {})).toEqual({ kind: 'message', done: false });
  expect(toFilter('inbox', { q: ' Vĩnh ' })).toEqual({ kind: 'message', q: 'Vĩnh' });
  expect(toFilter('zalo', { done: 'true' })).toEqual({ channel: 'zalo', done: true });
});

test('what an address says of nothing known is ignored', () => {
  expect(readChosen(new URLSearchParams('state=all&done=1&x=y'))).toEqual({});
});

test('J and K go by the list, not by what is drawn', () => {
  expect(neighbour(['a', 'b', 'c'], 'a', 1)).toBe('b');
  expect(neighbour(['a', 'b', 'c'], 'a', -1)).toBeNull();
  expect(neighbour(['a', 'b', 'c'], null, 1)).toBe('a');
  expect(neighbour([], null, 1)).toBeNull();
  expect(neighbour(['a', 'c'], 'b', 1, 1)).toBe('c');
  expect(neighbour(['a', 'c'], 'b', -1, 1)).toBe('a');
  expect(neighbour(['a'], 'b', 1, 1)).toBe('a');
});
