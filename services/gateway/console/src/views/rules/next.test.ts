import { expect, test } from 'vitest';
import type { Agent, Page } from '../../live/directory';
import type { Rule } from './coverage';
import { newestChoice } from './last-choice';
import { after, type Facts, leastLoaded, standings } from './next';

const agent = (id: string, more: Partial<Agent> = {}) =>
  ({ id, name: id, role: 'agent', disabled: false, ...more }) as Agent;
const member = (agent_id: string, capacity: number | null = null) => ({
  agent_id,
  capabilities: null,
  capacity,
});
const rule: Rule = {
  id: 'r',
  name: 'r',
  enabled: true,
  mode: 'sequential',
  applies_to: 'online',
  pages: null,
  members: [member('a'), member('b'), member('c', 2)],
  version: 1,
  revision: 1,
};
const facts: Facts = {
  agents: [agent('a'), agent('b'), agent('c')],
  team: [],
  presence: () => 'online',
  page: { id: 'p', channel: 'facebook', staff: ['a', 'b', 'c'] } as unknown as Page,
  capability: 'facebook_message',
  pagePermissions: false,
  load: () => 0,
};

test('the one after whom was chosen last, wrapping round (R2.1)', () => {
  const pool = standings(rule, facts);
  expect([null, 'a', 'b', 'c', 'gone'].map((last) => after(pool, last))).toEqual([
    'a',
    'b',
    'c',
    'a',
    'a',
  ]);
});

test('a rule without members takes the agents, the support team first (R1.1)', () => {
  const agents = [agent('b'), agent('a'), agent('d'), agent('boss', { role: 'store_manager' })];
  const pool = standings({ ...rule, members: [] }, { ...facts, agents, team: ['d', 'boss'] });
  expect(pool.map((one) => one.agent)).toEqual(['d', 'a', 'b']);
});

test('who cannot be chosen is skipped, with the reason (R1)', () => {
  const pool = standings(rule, {
    ...facts,
    presence: (id) => (id === 'b' ? 'away' : 'online'),
    load: (id) => (id === 'c' ? 2 : 0),
  });
  expect(pool.map(({ excluded }) => excluded)).toEqual([null, 'offline', 'capacity']);
  expect(after(pool, 'a')).toBe('a');
});

test('page permissions bind all but the system administrator (R1.4)', () => {
  const pool = standings(rule, {
    ...facts,
    agents: [agent('a'), agent('b', { role: 'system_admin' }), agent('c', { disabled: true })],
    page: { ...facts.page, staff: [] },
    pagePermissions: true,
  });
  expect(pool.map(({ excluded }) => excluded)).toEqual(['page', null, 'disabled']);
});

test('the least loaded, ties in the order of the rotation (R2.3)', () => {
  const load = (id: string) => (id === 'b' ? 3 : 1);
  const pool = standings(rule, { ...facts, load });
  expect([leastLoaded(pool, 'a', load), leastLoaded(pool, 'c', load)]).toEqual(['c', 'a']);
  expect(leastLoaded([], null, load)).toBe(null);
});

test("a rule's newest choice, not what was decided by hand", () => {
  const decision = { agent_id: 'a', at: '2026-01-01T00:00:00Z', reason: 'rotation', rule_id: 'r' };
  const later = '2026-01-02T00:00:00Z';
  const found = newestChoice(
    [
      decision,
      { ...decision, agent_id: 'b', at: later, reason: 'manual' },
      { ...decision, agent_id: 'c', at: later, rule_id: 'other' },
    ],
    'r',
  );
  expect(found).toEqual({ agent_id: 'a', at: decision.at });
});
