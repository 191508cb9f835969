import { expect, test } from 'vitest';
import type { Page } from '../../live/directory';
import { CAPABILITIES, coverage, moved, type Rule, ruleOf, withCapability } from './coverage';

function rule(id: string, pages: string[] | null, enabled = true): Rule {
  return {
    id,
    name: id,
    enabled,
    mode: 'sequential',
    applies_to: 'online',
    pages,
    members: [],
    version: 1,
    revision: 1,
  };
}

const page = (id: string) => ({ id, name: id, channel: 'facebook' }) as Page;

test('a rule that names the page comes before the default, the smallest id first (R1.1)', () => {
  const rules = [rule('c', ['p']), rule('a', null), rule('b', ['p']), rule('0', ['p'], false)];
  expect(ruleOf(rules, 'p')?.id).toBe('b');
  expect(ruleOf(rules, 'q')?.id).toBe('a');
});

test('pages for which no enabled rule decides are missing', () => {
  const { covered, missing } = coverage(
    [rule('a', ['p']), rule('b', null, false)],
    [page('p'), page('q')],
  );
  expect(covered.get('a')?.map(({ id }) => id)).toEqual(['p']);
  expect(missing.map(({ id }) => id)).toEqual(['q']);
});

test('a member moves and the others keep their order', () => {
  expect(moved(['a', 'b', 'c'], 0, 2)).toEqual(['b', 'c', 'a']);
  expect(moved(['a', 'b', 'c'], 2, 0)).toEqual(['c', 'a', 'b']);
});

test('all capabilities are stored as none named', () => {
  const all = { agent_id: 'lan', capabilities: null, capacity: null };
  const less = withCapability(all, 'zalo_message', false);
  expect(less.capabilities).toEqual(CAPABILITIES.filter((one) => one !== 'zalo_message'));
  expect(withCapability(less, 'zalo_message', true)).toEqual(all);
});
