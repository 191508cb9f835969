import createClient from 'openapi-fetch';
import { ApiProblem, readProblem } from './problem';
import type { components, paths } from './schema';

export { ApiProblem, type FieldError } from './problem';
/** A schema of the gateway's interface by its name: `Schema<'RuleView'>`. */
export type Schema<Name extends keyof components['schemas']> = components['schemas'][Name];

const REFRESHED = 'tuyen.refreshed';
const LOCK = 'tuyen.refresh';
const SAFE = new Set(['GET', 'HEAD', 'OPTIONS']);
const SESSION = { 'Tuyen-Session': 'cookie' };

let last: Promise<unknown> = Promise.resolve();
let onSignedOut: () => void = () => {};

/** What happens once the session has ended and cannot be refreshed. */
export function whenSignedOut(then: () => void): void {
  onSignedOut = then;
}

/** The gateway, typed by its own document. A refusal is thrown as an `ApiProblem`; use `take` for
 * the body of an answer. */
export const api = createClient<paths>({ fetch: (request) => dispatch(request) });

/** The body of an answer, or throws its `ApiProblem`:
 * `const page = await take(api.GET('/v1/pages'))`. */
export async function take<T>(
  answer: Promise<{ data?: T; response: Response }>,
): Promise<NonNullable<T>> {
  return (await answer).data as NonNullable<T>;
}

/** `fetch` for what has no type: files, the stream. It refreshes the session and throws
 * `ApiProblem`s, too. */
export function request(address: string, init: RequestInit = {}): Promise<Response> {
  return dispatch(new Request(new URL(address, location.origin), init));
}

async function dispatch(given: Request): Promise<Response> {
  const began = Date.now();
  let response = await send(given.clone());
  if (response.status === 401 && !beginsSession(given)) {
    if (await refresh(began)) response = await send(given.clone());
    if (response.status === 401) onSignedOut();
  }
  if (!response.ok) throw await readProblem(response);
  return response;
}

async function send(given: Request): Promise<Response> {
  if (!SAFE.has(given.method)) given.headers.set('X-CSRF', '1');
  if (isAboutSession(given)) given.headers.set('Tuyen-Session', SESSION['Tuyen-Session']);
  try {
    return await fetch(given, { credentials: 'same-origin', cache: 'no-store' });
  } catch (failure) {
    if (given.signal.aborted) throw failure;
    throw new ApiProblem(0, '', '');
  }
}

/** Logging out takes a session, as everything else does. */
function beginsSession(given: Request): boolean {
  return isAboutSession(given) && !given.url.endsWith('/logout');
}

function isAboutSession(given: Request): boolean {
  return new URL(given.url).pathname.startsWith('/v1/auth/');
}

/** Refreshes the session once for all tabs: whoever waited for another tab's refresh uses it.
 * False if there is no session any more. */
export function refresh(since = Date.now()): Promise<boolean> {
  return alone(async () => {
    if (Number(localStorage.getItem(REFRESHED) ?? 0) >= since) return true;
    const headers = { ...SESSION, 'X-CSRF': '1' };
    const address = '/v1/auth/refresh';
    const answer = await fetch(address, { method: 'POST', headers }).catch(() => null);
    if (answer === null) throw new ApiProblem(0, '', '');
    if (answer.status >= 500 || answer.status === 429) throw await readProblem(answer);
    if (answer.ok) localStorage.setItem(REFRESHED, String(Date.now()));
    return answer.ok;
  });
}

/** One after the other, in all tabs; in this one alone where the page is not served over https. */
function alone<T>(act: () => Promise<T>): Promise<T> {
  if (navigator.locks) return navigator.locks.request(LOCK, act) as Promise<T>;
  const turn = last.then(act);
  last = turn.catch(() => {});
  return turn;
}
