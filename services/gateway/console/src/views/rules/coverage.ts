import type { Schema } from '../../api/client';
import type { Page } from '../../live/directory';

export type Rule = Schema<'RuleView'>;
export type Draft = Pick<Rule, 'name' | 'enabled' | 'mode' | 'applies_to' | 'pages' | 'members'>;
export type Member = Draft['members'][number];

export const CAPABILITIES = [
  'facebook_message',
  'facebook_comment',
  'zalo_message',
  'livechat_message',
] as const;
export type Capability = (typeof CAPABILITIES)[number];

/** The rule that decides for a page (R1.1): an enabled one that names it, or else the default. Of
 * several, the one with the smallest id. */
export function ruleOf(rules: readonly Rule[], page: string): Rule | null {
  const enabled = rules.filter((rule) => rule.enabled).sort((a, b) => (a.id < b.id ? -1 : 1));
  const named = enabled.find((rule) => rule.pages?.includes(page));
  return named ?? enabled.find((rule) => rule.pages === null) ?? null;
}

/** The pages for which each rule decides, and those for which none does. */
export function coverage(rules: readonly Rule[], pages: readonly Page[]) {
  const covered = new Map<string, Page[]>();
  const missing: Page[] = [];
  for (const page of pages) {
    const rule = ruleOf(rules, page.id);
    if (rule) covered.set(rule.id, [...(covered.get(rule.id) ?? []), page]);
    else missing.push(page);
  }
  return { covered, missing };
}

/** The list with the item at `from` moved to `to`. */
export function moved<T>(list: readonly T[], from: number, to: number): T[] {
  const rest = list.filter((_, index) => index !== from);
  return [...rest.slice(0, to), ...list.slice(from, from + 1), ...rest.slice(to)];
}

/** All capabilities are `null`, so that a channel that is added later is among them. */
export function withCapability(member: Member, which: Capability, allowed: boolean): Member {
  const had: readonly string[] = member.capabilities ?? CAPABILITIES;
  const next = allowed ? [...had, which] : had.filter((one) => one !== which);
  const all = CAPABILITIES.every((one) => next.includes(one));
  return { ...member, capabilities: all ? null : next };
}
