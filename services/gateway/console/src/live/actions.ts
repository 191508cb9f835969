/** What the viewer does to conversations and comments: shown at once, taken back if it is refused.
 * A change stays over the server's copy until that shows it, or for a while after the answer. */

import type { Conversation, Message } from '../core/model';
import { ask } from './asking';
import type { MessageHub } from './messages';
import type { Rows } from './rows';
import type { Answer } from './store';
import type { World } from './world';

/** The server shows what it has accepted within a second. */
const SHOWN_MS = 5_000;
/** Channels take longer. */
const DONE_MS = 30_000;

export interface ActionParts {
  readonly world: World;
  readonly rows: Rows;
  readonly hub: MessageHub;
  readonly nameOf: (agent: string) => string;
  /** Reads a conversation again. */
  readonly find: (id: string) => Promise<unknown>;
}

export class Actions {
  constructor(private readonly parts: ActionParts) {}

  async assign(id: string, agent: string | null, ifMatch?: number, note?: string): Promise<Answer> {
    const { world, rows, nameOf, find } = this.parts;
    const assignee = agent === null ? null : { agent_id: agent, name: nameOf(agent) };
    const token = rows.change(id, { assignee }, (row) => row.assignee?.agent_id === agent);
    const body = { agent_id: agent, ...(note && { note }) };
    const headers: Record<string, string> =
      ifMatch === undefined ? {} : { 'If-Match': `"${ifMatch}"` };
    const answer = await ask<{ version: number }>(
      world.http,
      'PUT',
      `${pathOf(id)}/assignee`,
      body,
      headers,
    );
    if (answer.ok) {
      const { version } = answer.value;
      const shown = (row: Conversation) => row.version >= version;
      this.#answered(id, token, shown);
      this.#answered(id, rows.change(id, { version }, shown), shown);
    } else {
      rows.takeBack(id, token);
      if (answer.winner !== undefined) await find(id);
    }
    return answer;
  }

  setDone(id: string, done: boolean): Promise<Answer> {
    return this.#change(id, { done }, 'PUT', 'done', { done });
  }

  markRead(id: string, until?: string): Promise<Answer> {
    return this.#change(id, { unread: 0 }, 'POST', 'read', until === undefined ? {} : { until });
  }

  markUnread(id: string): Promise<Answer> {
    const unread = Math.max(1, this.parts.rows.get(id)?.unread ?? 0);
    return this.#change(id, { unread }, 'POST', 'unread', undefined, (row) => row.unread > 0);
  }

  setHidden(conversation: string, message: string, hidden: boolean): Promise<Answer> {
    return this.#comment(conversation, message, { hidden }, (shown) => shown.hidden === hidden);
  }

  setLiked(conversation: string, message: string, liked: boolean): Promise<Answer> {
    return this.#comment(conversation, message, { liked }, (shown) => shown.liked === liked);
  }

  editComment(conversation: string, message: string, text: string): Promise<Answer> {
    return this.#comment(conversation, message, { text }, (shown) => shown.text === text);
  }

  async deleteComment(conversation: string, message: string): Promise<Answer> {
    const address = `/v1/comments/${encodeURIComponent(message)}`;
    return this.#request(conversation, message, {}, 'DELETE', address, undefined, () => false);
  }

  async #change(
    id: string,
    patch: Partial<Conversation>,
    method: string,
    action: string,
    body?: unknown,
    ended?: (row: Conversation) => boolean,
  ): Promise<Answer> {
    const { world, rows } = this.parts;
    const token = rows.change(id, patch, ended);
    const answer = await ask(world.http, method, `${pathOf(id)}/${action}`, body);
    if (answer.ok) this.#answered(id, token);
    else rows.takeBack(id, token);
    return answer;
  }

  #answered(id: string, token: number, ended?: (row: Conversation) => boolean): void {
    const { world, rows } = this.parts;
    rows.answered(id, token, world.now() + SHOWN_MS, ended);
    world.later(SHOWN_MS, () => rows.expire(world.now()));
  }

  #comment(
    conversation: string,
    message: string,
    patch: Partial<Message>,
    shows: (message: Message) => boolean,
  ): Promise<Answer> {
    const address = `/v1/comments/${encodeURIComponent(message)}`;
    return this.#request(conversation, message, patch, 'PATCH', address, patch, shows);
  }

  async #request(
    conversation: string,
    id: string,
    patch: Partial<Message>,
    method: string,
    address: string,
    body: unknown,
    shows: (message: Message) => boolean,
  ): Promise<Answer> {
    const { world, hub } = this.parts;
    let asked = Number.POSITIVE_INFINITY;
    // The channel has done it, or said why not: either way the revision is higher by then.
    const ended = (message: Message) =>
      shows(message) ||
      message.state === 'removed' ||
      (message.problem != null && message.revision > asked);
    const token = hub.change(conversation, id, patch, ended);
    const answer = await ask<Message>(world.http, method, address, body);
    if (answer.ok) {
      asked = answer.value.revision;
      hub.answered(conversation, id, token, world.now() + DONE_MS);
      world.later(DONE_MS, () => hub.expire(world.now()));
    } else {
      hub.takeBack(conversation, id, token);
    }
    return answer;
  }
}

function pathOf(conversation: string): string {
  return `/v1/conversations/${encodeURIComponent(conversation)}`;
}
