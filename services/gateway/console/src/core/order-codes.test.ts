import fc from 'fast-check';
import { describe, expect, it, test } from 'vitest';
import { asks, type Comment, collect, OrderBook, readOrders } from './order-codes';

describe('an order is read in any case and order of its words', () => {
  it.each([
    'A1 xanh M 0901234567',
    'a1 XANH m 090 123 4567',
    '0901234567 M xanh A1',
    'Chốt a-1 xanh, M nha shop +84901234567',
  ])('%s', (text) => {
    const [order, ...others] = readOrders(text);
    expect(others).toEqual([]);
    expect(order?.code).toBe('A1');
    expect(order?.phone).toBe('0901234567');
    expect(order?.words.map((word) => word.toLowerCase()).sort()).toEqual(['m', 'xanh']);
  });

  it('is one for each code', () => {
    expect(readOrders('A1 xanh, SP12 đỏ L')).toEqual([
      { code: 'A1', words: ['xanh'], phone: null },
      { code: 'SP12', words: ['đỏ', 'L'], phone: null },
    ]);
  });

  it.each(['đẹp quá', 'A1 còn size M không shop', 'giá?', 'x2', '50k'])('%s is none', (text) => {
    expect(readOrders(text)).toEqual([]);
  });
});

it.each(['giá bao nhiêu vậy shop', 'còn size M ko ạ', 'ở đâu vậy', 'A1?'])('%s asks', (text) => {
  expect(asks(text)).toBe(true);
});

it.each(['A1 xanh', 'khong lay nua', 'đẹp quá'])('%s asks nothing', (text) => {
  expect(asks(text)).toBe(false);
});

const said = (id: string, text: string, customer = 'hoa'): Comment => ({
  id,
  customer,
  text,
  at: `2026-11-21T08:00:0${id}.000Z`,
});

test('a repeat is no second order, and adds what it says', () => {
  const orders = collect([
    said('1', 'A1'),
    said('2', 'a1 M xanh'),
    said('3', '0901234567 xanh m A1'),
    said('4', 'A1 đỏ L'),
  ]);
  expect(orders.map(({ words, phone, comments }) => ({ words, phone, comments }))).toEqual([
    { words: ['M', 'xanh'], phone: '0901234567', comments: ['1', '2', '3'] },
    { words: ['đỏ', 'L'], phone: null, comments: ['4'] },
  ]);
});

test('whatever the order in which comments come, and however often, the orders are the same', () => {
  const texts = ['A1', 'A1 xanh', 'a1 đỏ', 'B2 M', 'hay quá', 'm b2'];
  const comments = fc.uniqueArray(
    fc.record({
      id: fc.constantFrom('1', '2', '3', '4', '5', '6'),
      text: fc.constantFrom(...texts),
      customer: fc.constantFrom('hoa', 'lan'),
    }),
    { selector: (comment) => comment.id },
  );
  const shuffled = comments.chain((all) =>
    fc.tuple(fc.constant(all), fc.array(fc.nat(Math.max(all.length - 1, 0)), { maxLength: 12 })),
  );
  fc.assert(
    fc.property(shuffled, ([all, again]) => {
      const placed = all.map(({ id, text, customer }) => said(id, text, customer));
      const book = new OrderBook();
      for (const index of again) if (placed[index]) book.put(placed[index]);
      for (const comment of placed.toReversed()) book.put(comment);
      const sorted = placed.toSorted((a, b) => (a.id < b.id ? -1 : 1));
      const expected = ['hoa', 'lan'].flatMap((customer) =>
        collect(sorted.filter((each) => each.customer === customer)),
      );
      expect(book.list()).toEqual(expected.sort((a, b) => (a.id < b.id ? -1 : 1)));
    }),
  );
});
