import type { Schema } from '../../api/client';

/** What the board shows of the gateway's reports. */

export type AgentItem = Schema<'AgentItem'>;
export type PageItem = Schema<'PageItem'>;
export type FairnessItem = Schema<'FairnessItem'>;
type Rule = Schema<'RuleView'>;

export const HOURS = 8;
const HOUR_MS = 3_600_000;

/** How many conversations an agent got in each of the last hours, the oldest first. */
export function strip(items: readonly AgentItem[], agent: string, now: number): readonly number[] {
  const hours = new Array<number>(HOURS).fill(0);
  for (const { agent_id, at, assigned } of items) {
    const back = Math.floor((now - Date.parse(at)) / HOUR_MS);
    if (agent_id !== agent || back < 0 || back >= HOURS) continue;
    hours[HOURS - 1 - back] = (hours[HOURS - 1 - back] ?? 0) + assigned;
  }
  return hours;
}

/** The page whose customers waited longest for the first reply. Percentiles of several pages cannot
 * be joined. */
export function slowest(items: readonly PageItem[]): PageItem | null {
  let found: PageItem | null = null;
  for (const item of items) {
    if (item.first_response_p95_s === null) continue;
    if ((found?.first_response_p95_s ?? -1) < item.first_response_p95_s) found = item;
  }
  return found;
}

export interface Spread {
  readonly rule: string;
  readonly name: string;
  readonly most: number;
  readonly fewest: number;
  readonly mostAgent: string;
  readonly fewestAgent: string;
}

/** How often each rule chose whom it chose most and fewest, the widest first. */
export function spreads(items: readonly FairnessItem[]): readonly Spread[] {
  const rules = new Map<string, { name: string; chosen: Map<string, number> }>();
  for (const { rule_id, rule, agent_id, chosen } of items) {
    const known = rules.get(rule_id) ?? { name: rule ?? rule_id, chosen: new Map() };
    known.chosen.set(agent_id, (known.chosen.get(agent_id) ?? 0) + chosen);
    rules.set(rule_id, known);
  }
  const found = [...rules].flatMap(([rule, { name, chosen }]) => {
    const ordered = [...chosen].sort((a, b) => b[1] - a[1]);
    const [first, last] = [ordered[0], ordered.at(-1)];
    if (!first || !last) return [];
    const [mostAgent, most] = first;
    const [fewestAgent, fewest] = last;
    return [{ rule, name, most, fewest, mostAgent, fewestAgent }];
  });
  return found.sort((a, b) => b.most - b.fewest - (a.most - a.fewest));
}

/** The smallest capacity of each agent among the enabled rules; none for who has none. */
export function capacities(rules: readonly Rule[]): ReadonlyMap<string, number> {
  const found = new Map<string, number>();
  for (const { agent_id, capacity } of rules.filter(({ enabled }) => enabled).flatMap(membersOf)) {
    if (capacity !== null) {
      found.set(agent_id, Math.min(capacity, found.get(agent_id) ?? capacity));
    }
  }
  return found;
}

function membersOf({ members }: Rule): Rule['members'] {
  return members;
}

interface Waiting {
  readonly id: string;
  readonly waiting: boolean;
  readonly waiting_since: string | null;
  readonly updated_at: string;
}

/** Those that wait for an agent, the oldest first. */
export function queueOf<T extends Waiting>(rows: readonly T[]): readonly T[] {
  const since = (row: T) => Date.parse(row.waiting_since ?? row.updated_at);
  return rows.filter(({ waiting }) => waiting).sort((a, b) => since(a) - since(b));
}
