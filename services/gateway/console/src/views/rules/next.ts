import type { Status } from '../../core/model';
import type { Agent, Page } from '../../live/directory';
import { type Capability, type Member, poolOf, type Rule } from './coverage';

/** Who is next by a rule, from what the console can know: the rule, the agents, their presence and
 * load, and whom the rule chose last. The router alone decides (R1, R2). */

export type Excluded = 'offline' | 'capability' | 'page' | 'capacity' | 'disabled';

export interface Facts {
  readonly agents: readonly Agent[];
  /** The support team, in its order. */
  readonly team: readonly string[];
  readonly presence: (agent: string) => Status;
  readonly page: Page;
  readonly capability: Capability;
  readonly pagePermissions: boolean;
  /** Open conversations of an agent; null if it is not known. */
  readonly load: (agent: string) => number | null;
}

export interface Standing {
  readonly agent: string;
  readonly excluded: Excluded | null;
}

export function standings(rule: Rule, facts: Facts): readonly Standing[] {
  return poolOf(rule, facts.agents, facts.team).map((member) => ({
    agent: member.agent_id,
    excluded: exclusion(rule, member, facts),
  }));
}

function exclusion(rule: Rule, member: Member, facts: Facts): Excluded | null {
  const agent = facts.agents.find(({ id }) => id === member.agent_id);
  if (!agent || agent.disabled) return 'disabled';
  if (rule.applies_to !== 'all' && facts.presence(agent.id) !== 'online') return 'offline';
  if (member.capabilities && !member.capabilities.includes(facts.capability)) return 'capability';
  const bound = facts.pagePermissions && agent.role !== 'system_admin';
  if (bound && !facts.page.staff.includes(agent.id)) return 'page';
  const load = facts.load(agent.id);
  if (member.capacity !== null && load !== null && load >= member.capacity) return 'capacity';
  return null;
}

/** The first candidate after whom the rule chose last, in its order. An agent who was chosen last
 * and is no member any more counts as none. */
export function after(pool: readonly Standing[], last: string | null): string | null {
  const start = pool.findIndex(({ agent }) => agent === last) + 1;
  const turned = [...pool.slice(start), ...pool.slice(0, start)];
  return turned.find(({ excluded }) => excluded === null)?.agent ?? null;
}

/** Those with the fewest open conversations; ties in the order of the rotation (R2.3). */
export function leastLoaded(
  pool: readonly Standing[],
  last: string | null,
  load: (agent: string) => number | null,
): string | null {
  const free = pool.filter(({ excluded }) => excluded === null);
  const fewest = Math.min(...free.map(({ agent }) => load(agent) ?? 0));
  const tied = pool.map((one) =>
    (load(one.agent) ?? 0) === fewest ? one : { ...one, excluded: one.excluded ?? 'capacity' },
  );
  return after(tied as readonly Standing[], last);
}

export function capabilityOf(page: Page, comments: boolean): Capability {
  if (page.channel === 'zalo') return 'zalo_message';
  if (page.channel === 'livechat') return 'livechat_message';
  return comments ? 'facebook_comment' : 'facebook_message';
}
