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
    const gone = problem instanceof ApiProblem && [401, 403].includes(problem.status);
    session.value = gone ? { state: 'out', left: false } : { state: 'unreachable' };
  }
}

export async function logout(): Promise<void> {
  try {
    await api.POST('/v1/auth/logout', {});
  } finally {
    session.value = { state: 'out', left: true };
  }
}

whenSignedOut(() => {
  session.value = { state: 'out', left: false };
});
