import fc from 'fast-check';
import { expect, test } from 'vitest';
import { Entities } from './entities';
import { arrange, type LiveEvent } from './events';
import type { Conversation } from './model';
import { conversation } from './samples';

/** What the server has after each revision: null for a row that is not to be seen. */
type History = readonly { id: string; revision: number; shown: boolean }[];

const IDS = ['a', 'b', 'c'];

const histories: fc.Arbitrary<History> = fc
  .array(fc.tuple(fc.constantFrom(...IDS), fc.boolean()), { maxLength: 20 })
  .map((changes) => changes.map(([id, shown], index) => ({ id, revision: index + 1, shown })));

const rowAt = (id: string, revision: number) =>
  conversation({ id, revision, last_text: `${revision}` });

function eventOf(change: History[number]): LiveEvent {
  const { id, revision, shown } = change;
  return shown
    ? { type: 'conversation.upserted', conversation: rowAt(id, revision) }
    : { type: 'conversation.removed', id, revision };
}

function fetchAt(history: History, until: number): Conversation[] {
  const last = new Map(history.slice(0, until).map((change) => [change.id, change]));
  return [...last.values()].flatMap((each) => (each.shown ? [rowAt(each.id, each.revision)] : []));
}

function applyTo(rows: Entities<Conversation>, events: readonly LiveEvent[]): void {
  for (const event of events) {
    if (event.type === 'conversation.upserted') rows.keep(event.conversation);
    if (event.type === 'conversation.removed') rows.drop(event.id, event.revision);
  }
}

const sorted = (rows: Iterable<Conversation>) => [...rows].sort((a, b) => (a.id < b.id ? -1 : 1));

test('I13 what was fetched, brought up to date, equals what is fetched now: with doubles, in any order, in batches, and whenever the answer comes', () => {
  const cases = histories.chain((history) =>
    fc.record({
      history: fc.constant(history),
      fetched: fc.nat(history.length),
      order: fc.shuffledSubarray(
        history.flatMap((_, index) => [index, index]),
        { minLength: history.length * 2 },
      ),
      answered: fc.nat(history.length * 2),
      batch: fc.integer({ min: 1, max: 7 }),
    }),
  );
  fc.assert(
    fc.property(cases, ({ history, fetched, order, answered, batch }) => {
      const rows = new Entities<Conversation>();
      const events = order.flatMap((index) => (history[index] ? [eventOf(history[index])] : []));
      const apply = (some: readonly LiveEvent[]) => {
        for (let at = 0; at < some.length; at += batch) {
          applyTo(rows, arrange(some.slice(at, at + batch)));
        }
      };
      apply(events.slice(0, answered));
      for (const row of fetchAt(history, fetched)) rows.keep(row, true);
      apply(events.slice(answered));
      expect(sorted(rows.values())).toEqual(sorted(fetchAt(history, history.length)));
    }),
  );
});

test('after a reset, what was not fetched again is gone', () => {
  const rows = new Entities<Conversation>();
  rows.keep(rowAt('a', 5));
  rows.keep(rowAt('b', 5));
  rows.drop('c', 9);
  rows.doubt();
  rows.keep({ ...rowAt('a', 5), last_text: 'of the same revision, with a new name' });
  rows.keep(rowAt('c', 6));
  expect(rows.sweep()).toEqual(['b']);
  expect(rows.get('a')?.last_text).toBe('of the same revision, with a new name');
  expect(rows.get('c')?.revision).toBe(6);
});

test('what changed longest ago and is not used is forgotten', () => {
  const rows = new Entities<Conversation>();
  for (const id of ['a', 'b', 'c', 'd']) rows.keep(rowAt(id, 1));
  rows.keep(rowAt('a', 2));
  expect(rows.evict(2, (id) => id === 'b')).toEqual(['c', 'd']);
  expect([...rows.values()].map(({ id }) => id)).toEqual(['b', 'a']);
});
