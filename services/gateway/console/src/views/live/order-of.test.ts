import { describe, expect, it } from 'vitest';
import { markPhones } from '../../core/phones';
import { commentsOf, markPieces, nextUnclaimed, orderOf } from './order-of';

const ORDER = { customer: 'c', at: '2026-11-21T08:00:00.000Z', words: [], phone: null };

describe('the order of a comment', () => {
  it('names each code once', () => {
    const orders = [
      { ...ORDER, id: 'a 0', code: 'A1', comments: ['a', 'b'] },
      { ...ORDER, id: 'b 0', code: 'B2', comments: ['b'] },
      { ...ORDER, id: 'b 1', code: 'A1', comments: ['b'] },
    ];
    expect(orderOf(orders, 'b')).toBe('A1, B2');
    expect(orderOf(orders, 'c')).toBeNull();
  });

  it('is listed once for all its codes', () => {
    const orders = [
      { ...ORDER, id: 'a 0', code: 'A1', comments: ['a', 'c'] },
      { ...ORDER, id: 'b 0', code: 'B2', comments: ['b'] },
      { ...ORDER, id: 'b 1', code: 'A1', comments: ['b'] },
    ];
    expect(commentsOf(orders)).toEqual(['a', 'b']);
  });
});

describe('the next unclaimed', () => {
  const ids = ['a', 'b', 'c', 'd'];
  const free = (id: string) => id === 'a' || id === 'd';
  it('is the first after the current one', () => expect(nextUnclaimed(ids, 'b', free)).toBe('d'));
  it('goes on from the beginning', () => expect(nextUnclaimed(ids, 'd', free)).toBe('a'));
  it('is never the current one', () => {
    expect(nextUnclaimed(ids, 'd', (id) => id === 'd')).toBeNull();
  });
});

describe('the pieces of a text', () => {
  it('put together are the text, with codes and phones marked', () => {
    const text = 'a-1 xanh M, 090 123 4567';
    const pieces = markPieces(text, markPhones(text), new Set(['A1']));
    expect(pieces).toEqual([
      { text: 'a-1', mark: 'code' },
      { text: ' xanh M, ', mark: null },
      { text: '090 123 4567', mark: 'phone' },
    ]);
  });
});
