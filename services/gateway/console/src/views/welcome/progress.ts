import { ApiProblem, api, take } from '../../api/client';
import type { Page } from '../../live/directory';

export interface Progress {
  pages: readonly Page[];
  agents: number;
  isAssigned: boolean;
  hasWritten: boolean;
  isAnswered: boolean;
}

/** How far the organization is, from what is set up and what has arrived. */
export async function readProgress(): Promise<Progress> {
  const query = { limit: 200 };
  const [pages, agents, rules, settings, conversations] = await Promise.all([
    take(api.GET('/v1/pages', { params: { query } })),
    take(api.GET('/v1/agents', { params: { query } })),
    take(api.GET('/v1/rules', { params: { query } })),
    take(api.GET('/v1/settings')),
    take(api.GET('/v1/conversations', { params: { query: { limit: 50 } } })),
  ]);
  const { assignment, auto_assign } = settings;
  return {
    pages: pages.items,
    agents: agents.items.filter(({ role, disabled }) => role === 'agent' && !disabled).length,
    isAssigned: assignment && auto_assign && rules.items.some(({ enabled }) => enabled),
    hasWritten: conversations.items.length > 0,
    isAnswered: conversations.items.some(({ needs_reply }) => !needs_reply),
  };
}

const CHANNELS_OWN = /(^|\.)(facebook\.com|zaloapp\.com|zalo\.me)$/;

/** Where the channel doubles are, or null if the real channels are called, or none: the address of a
 * login at the channel says it. */
export async function findDoubles(): Promise<string | null> {
  try {
    const { authorize_url } = await take(
      api.POST('/v1/pages/connect/{channel}', {
        params: { path: { channel: 'facebook' } },
        body: { redirect_uri: `${location.origin}/settings/pages` },
      }),
    );
    const { hostname, origin } = new URL(authorize_url);
    return CHANNELS_OWN.test(hostname) ? null : origin;
  } catch (problem) {
    if (problem instanceof ApiProblem && problem.status === 409) return null;
    throw problem;
  }
}

/** Where somebody can be a customer of a page, at the doubles. */
export function windowOf(doubles: string, page: Page): string {
  const account = encodeURIComponent(page.external_id);
  return page.channel === 'livechat'
    ? `${doubles}/site/${account}`
    : `${doubles}/customer/${page.channel}/${account}`;
}
