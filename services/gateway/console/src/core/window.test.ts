import fc from 'fast-check';
import { describe, expect, it, test } from 'vitest';
import type { Conversation } from './model';
import { conversation } from './samples';
import { keyOf, RowWindow } from './window';

const row = (id: string, minute: number, change: Partial<Conversation> = {}) =>
  conversation({
    id,
    updated_at: `2026-11-21T08:${String(minute).padStart(2, '0')}:00Z`,
    ...change,
  });

function opened(...rows: Conversation[]): RowWindow {
  const window = new RowWindow((each) => !each.done);
  window.extend(rows, false, rows);
  return window;
}

describe('I2 a window', () => {
  it('has the newest activity first', () => {
    const window = opened(row('a', 1), row('b', 2));
    window.place(row('a', 3));
    expect(window.ids).toEqual(['a', 'b']);
  });

  it('leaves out what is older than the last that was loaded', () => {
    const window = new RowWindow(() => true);
    window.extend([row('b', 5)], true, [row('b', 5)]);
    window.place(row('a', 4));
    expect(window.ids).toEqual(['b']);
    window.extend([row('c', 3)], true, [row('a', 4), row('b', 5), row('c', 3)]);
    expect(window.ids).toEqual(['b', 'a', 'c']);
  });

  it('moves nothing while it is held, and counts what waits', () => {
    const window = opened(row('a', 1), row('b', 2), row('c', 3));
    window.hold(true);
    window.place(row('a', 4));
    window.place(row('d', 5));
    window.place(row('c', 6));
    expect(window.ids).toEqual(['c', 'b', 'a']);
    expect(window.pending).toBe(2);
    window.reveal();
    expect(window.ids).toEqual(['c', 'd', 'a', 'b']);
    expect(window.pending).toBe(0);
  });

  it('lets rows leave at once, and takes older ones at its end, also while it is held', () => {
    const window = opened(row('a', 2), row('b', 3));
    window.hold(true);
    window.place(row('b', 3, { done: true }));
    window.place(row('c', 1));
    expect(window.ids).toEqual(['a', 'c']);
  });

  it('keeps what it shows while it is loaded again', () => {
    const window = opened(row('a', 1), row('b', 2));
    window.restart();
    window.place(row('b', 4));
    window.extend([row('b', 4)], false, []);
    expect(window.ids).toEqual(['b', 'a']);
    window.finish([row('b', 4)]);
    expect(window.ids).toEqual(['b']);
  });
});

type Step =
  | { do: 'place' | 'extend'; row: Conversation }
  | { do: 'remove'; id: string }
  | { do: 'hold'; held: boolean }
  | { do: 'reveal' };

const anyRow = fc
  .tuple(
    fc.constantFrom('a', 'b', 'c', 'd', 'e', 'f'),
    fc.integer({ min: 0, max: 9 }),
    fc.boolean(),
  )
  .map(([id, minute, done]) => row(id, minute, { done }));
const anyStep: fc.Arbitrary<Step> = fc.oneof(
  { weight: 6, arbitrary: anyRow.map((each): Step => ({ do: 'place', row: each })) },
  fc.constantFrom('a', 'b', 'c').map((id): Step => ({ do: 'remove', id })),
  fc.integer({ min: 0, max: 9 }).map((at): Step => ({ do: 'extend', row: row('n', at) })),
  fc.boolean().map((held): Step => ({ do: 'hold', held })),
  fc.constant<Step>({ do: 'reveal' }),
);

test('after any changes a window has what a fresh one would have, and while it is held no two rows change places', () => {
  fc.assert(
    fc.property(
      fc.integer({ min: 0, max: 9 }),
      fc.array(anyStep, { maxLength: 40 }),
      (end, steps) => {
        const window = new RowWindow((each) => !each.done);
        const first = row('m', end);
        const known = new Map([[first.id, first]]);
        window.extend([first], true, known.values());
        let oldest = keyOf(first);
        let held = false;
        for (const step of steps) {
          const before = [...window.ids];
          if (step.do === 'place') {
            known.set(step.row.id, step.row);
            window.place(step.row);
          } else if (step.do === 'extend') {
            known.set(step.row.id, step.row);
            window.place(step.row);
            window.extend([step.row], true, known.values());
            if (keyOf(step.row) < oldest) oldest = keyOf(step.row);
          } else if (step.do === 'remove') {
            known.delete(step.id);
            window.remove(step.id);
          } else if (step.do === 'hold') {
            held = step.held;
            window.hold(held);
          } else {
            window.reveal();
          }
          if (held && (step.do === 'place' || step.do === 'remove')) {
            const left = before.filter((id) => window.ids.includes(id));
            expect(window.ids.slice(0, left.length)).toEqual(left);
          }
        }
        window.reveal();
        const fresh = [...known.values()]
          .filter((each) => !each.done && keyOf(each) >= oldest)
          .sort((a, b) => (keyOf(a) < keyOf(b) ? 1 : -1))
          .map(({ id }) => id);
        expect(window.ids).toEqual(fresh);
        expect(window.pending).toBe(0);
      },
    ),
  );
});
