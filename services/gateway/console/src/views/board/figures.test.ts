import { expect, test } from 'vitest';
import {
  type AgentItem,
  capacities,
  type FairnessItem,
  type PageItem,
  queueOf,
  slowest,
  spreads,
  strip,
} from './figures';

test('the strip has the last eight hours, the oldest first', () => {
  const now = Date.parse('2026-01-01T12:30:00Z');
  const item = (at: string, assigned: number, agent_id = 'lan') =>
    ({ at, assigned, agent_id }) as AgentItem;
  const items = [
    item('2026-01-01T12:00:00Z', 3),
    item('2026-01-01T05:00:00Z', 2),
    item('2026-01-01T04:00:00Z', 9),
    item('2026-01-01T12:00:00Z', 7, 'minh'),
  ];
  expect(strip(items, 'lan', now)).toEqual([2, 0, 0, 0, 0, 0, 0, 3]);
});

test('fairness is most minus fewest for each rule, the widest first', () => {
  const item = (rule_id: string, agent_id: string, chosen: number) =>
    ({ rule_id, rule: null, agent_id, chosen }) as FairnessItem;
  const found = spreads([
    item('a', 'lan', 2),
    item('a', 'minh', 2),
    item('b', 'lan', 5),
    item('b', 'minh', 1),
    item('a', 'lan', 1),
  ]);
  expect(found.map(({ rule, most, fewest }) => [rule, most, fewest])).toEqual([
    ['b', 5, 1],
    ['a', 3, 2],
  ]);
});

test('the slowest page is the one with the longest wait, if any was answered', () => {
  const item = (page_id: string, first_response_p95_s: number | null) =>
    ({ page_id, first_response_p95_s }) as PageItem;
  expect(slowest([item('a', 3), item('b', 9), item('c', null)])?.page_id).toBe('b');
  expect(slowest([item('c', null)])).toBe(null);
});

test('the smallest capacity of the enabled rules counts (R1.7)', () => {
  const rule = (enabled: boolean, capacity: number | null) => ({
    id: 'r',
    name: 'r',
    enabled,
    mode: 'sequential',
    applies_to: 'online',
    pages: null,
    members: [{ agent_id: 'lan', capabilities: null, capacity }],
    version: 1,
    revision: 1,
  });
  const found = capacities([rule(true, 5), rule(true, 3), rule(false, 1), rule(true, null)]);
  expect([...found]).toEqual([['lan', 3]]);
});

test('the queue has those that wait, the oldest first (R5.1)', () => {
  const row = (id: string, waiting: boolean, waiting_since: string | null) => ({
    id,
    waiting,
    waiting_since,
    updated_at: '2026-01-02T00:00:00Z',
  });
  const rows = [
    row('late', true, '2026-01-03T00:00:00Z'),
    row('none', false, '2026-01-01T00:00:00Z'),
    row('early', true, '2026-01-01T00:00:00Z'),
    row('unknown', true, null),
  ];
  expect(queueOf(rows).map(({ id }) => id)).toEqual(['early', 'unknown', 'late']);
});
