import { api, type Schema, take } from '../../api/client';
import type { Rule } from './coverage';

type Assignment = Schema<'AssignmentView'>;

const CONVERSATIONS = 15;
const DECISIONS = 20;
const CHOSEN = new Set([
  'rotation',
  'random',
  'least_loaded',
  'sticky_lost',
  'reassigned_offline',
  'queue_drained',
]);

interface Choice {
  agent_id: string;
  at: string;
}

/** The newest choice of a rule among the conversations that changed last on its pages; undefined if
 * none of these was chosen by it, and others may have been. */
export async function lastChoice(rule: Rule, page: string): Promise<Choice | null | undefined> {
  const places = rule.pages ? [page, ...rule.pages.filter((one) => one !== page)].slice(0, 5) : [];
  const asked = (places.length > 0 ? places : [undefined]).map((of) =>
    take(api.GET('/v1/conversations', { params: { query: { page: of, limit: CONVERSATIONS } } })),
  );
  const lists = await Promise.all(asked);
  const rows = lists.flatMap(({ items }) => items);
  const newest = rows.sort((a, b) => (a.updated_at < b.updated_at ? 1 : -1));
  const histories = await Promise.all(newest.slice(0, CONVERSATIONS).map(({ id }) => history(id)));
  const isAll = rows.length <= CONVERSATIONS && lists.every(({ next }) => !next);
  return newestChoice(histories.flat(), rule.id) ?? (isAll ? null : undefined);
}

async function history(conversation_id: string): Promise<readonly Assignment[]> {
  const params = { path: { conversation_id }, query: { limit: DECISIONS } };
  const address = '/v1/conversations/{conversation_id}/assignments';
  return (await take(api.GET(address, { params }))).items;
}

export function newestChoice(
  decisions: readonly Pick<Assignment, 'agent_id' | 'at' | 'reason' | 'rule_id'>[],
  rule: string,
): Choice | null {
  let found: Choice | null = null;
  for (const { agent_id, at, reason, rule_id } of decisions) {
    if (rule_id !== rule || agent_id === null || !CHOSEN.has(reason)) continue;
    if (found === null || at > found.at) found = { agent_id, at };
  }
  return found;
}
