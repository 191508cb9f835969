import { computed, signal } from '@preact/signals';
import { ApiProblem, api, type Schema, take, whenSignedOut } from './api/client';

export type Me = Schema<'Me'>;

/** `unknown`: not asked yet; `unreachable`: asked, and nobody answered. */
export type Session =
  | { state: 'unknown' | 'unreachable' }
  | { state: 'in'; me: Me }
  /** `left`: on purpose, so that nothing of theirs stays in the browser. */
  | { state: 'out'; left: boolean };

export const session = signal<Session>({ state: 'unknown' });

/** The viewer, or null while nobody is logged in. */
export const me = computed(() => (session.value.state === 'in' ? session.value.me : null));

export function hasRight(right: Me['rights'][number]): boolean {
  return me.value?.rights.includes(right) ?? false;
}

/** What the viewer may do in the CRM (C11); nothing of it without `access`. */
export function mayInCrm(what: keyof Me['crm']): boolean {
  const crm = me.value?.crm;
  return crm?.access === true && crm[what];
}

/** Whether the viewer may have what nobody has: by taking it (R6.6), or by assigning it. */
export function mayTake(): boolean {
  return hasRight('assign') || (me.value?.may_take ?? false);
}

/** Whether the viewer's role manages: everybody but plain agents does. */
export const manages = computed(() => me.value !== null && me.value.role !== 'agent');

export async function login(organization: string, username: string, password: string) {
  await api.POST('/v1/auth/login', { body: { organization, username, password } });
  await resume();
}

/** What the page begins with. Where the gateway saw no session, it is not asked for one: browsers
 * log each refusal as an error. Back from a login at a channel, the browser kept the cookies from
 * it: that address came from another site. */
export async function begin(): Promise<void> {
  const query = new URLSearchParams(location.search);
  const isBack = location.pathname !== '/login' && (query.has('code') || query.has('error'));
  if (document.documentElement.dataset.session === 'none' && !isBack) {
    session.value = { state: 'out', left: false };
  } else {
    await resume();
  }
}

/** Finds out who is logged in, from the cookies of an earlier login. */
export async function resume(): Promise<void> {
  try {
    session.value = { state: 'in', me: await take(api.GET('/v1/me')) };
  } catch (problem) {
    session.value = isOver(problem) ? { state: 'out', left: false } : { state: 'unreachable' };
  }
}

/** Reads again what the viewer may do, after that has changed. Without an answer all stays. */
export async function reviewRights(): Promise<void> {
  try {
    const found = await take(api.GET('/v1/me'));
    if (me.peek() !== null) session.value = { state: 'in', me: found };
  } catch (problem) {
    if (isOver(problem)) session.value = { state: 'out', left: false };
  }
}

function isOver(problem: unknown): boolean {
  return problem instanceof ApiProblem && [401, 403].includes(problem.status);
}

/** Rejects if the gateway was not reached: the browser has its session still. */
export async function logout(): Promise<void> {
  try {
    await api.POST('/v1/auth/logout', {});
  } catch (problem) {
    if (!isOver(problem)) throw problem;
  }
  session.value = { state: 'out', left: true };
}

whenSignedOut(() => {
  session.value = { state: 'out', left: false };
});
