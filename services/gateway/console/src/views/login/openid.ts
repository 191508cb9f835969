import { ApiProblem, api, take } from '../../api/client';
import { resume } from '../../session';

const BEGUN = 'tuyen.openid';

/** Whether one can log in at an OpenID provider: the gateway says it in the page. */
export function hasOpenId(): boolean {
  return document.documentElement.dataset.openid !== undefined;
}

/** Sends the browser to the provider, from which it comes back to the login. */
export async function beginOpenId(): Promise<void> {
  const redirect_uri = `${location.origin}/login`;
  const { authorize_url, state, attempt } = await take(
    api.POST('/v1/auth/openid/start', { body: { redirect_uri } }),
  );
  sessionStorage.setItem(BEGUN, JSON.stringify({ state, attempt }));
  location.assign(authorize_url);
}

/** Completes the login with which the browser came back. One that was not begun in this tab is
 * refused: somebody else may have sent the browser. */
export async function finishOpenId(code: string, state: string): Promise<void> {
  const begun = JSON.parse(sessionStorage.getItem(BEGUN) ?? '{}') as Record<string, unknown>;
  sessionStorage.removeItem(BEGUN);
  if (begun.state !== state) throw new ApiProblem(401, '', '');
  const body = { code, state, attempt: String(begun.attempt) };
  await api.POST('/v1/auth/openid/callback', { body });
  await resume();
}
