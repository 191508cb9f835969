/** Replies that the server does not list yet, by their `Idempotency-Key` (I6).
 *
 * A reply is shown from the moment at which it is sent, and leaves when a message of the server has
 * its key, or when it is discarded. Every attempt has the same key and the same body, so that it is
 * sent once, however often it is tried. */

import type { Message } from './model';
import { type Problem, passes } from './problem';

export interface ReplyBody {
  readonly text?: string;
  readonly template_id?: string;
  readonly attachment_ids?: readonly string[];
  readonly reply_to?: string;
  readonly private?: boolean;
}

export interface Reply {
  readonly key: string;
  readonly conversation: string;
  readonly body: ReplyBody;
  readonly at: string;
  readonly state: 'sending' | 'failed';
  readonly attempts: number;
  readonly problem: Problem | null;
}

/** In the order in which they were sent. */
export type Outbox = ReadonlyMap<string, Reply>;

/** So often a reply is tried before the agent is asked. */
export const ATTEMPTS = 8;

export function begin(
  outbox: Outbox,
  given: Pick<Reply, 'key' | 'conversation' | 'body' | 'at'>,
): Outbox {
  if (outbox.has(given.key)) return outbox;
  return put(outbox, { ...given, state: 'sending', attempts: 0, problem: null });
}

/** An attempt that came to nothing. What may pass is tried again, up to ATTEMPTS times. */
export function refuse(outbox: Outbox, key: string, problem: Problem): Outbox {
  const reply = outbox.get(key);
  if (reply?.state !== 'sending') return outbox;
  const attempts = reply.attempts + 1;
  const again = passes(problem) && attempts < ATTEMPTS;
  return put(outbox, { ...reply, attempts, problem, state: again ? 'sending' : 'failed' });
}

export function retry(outbox: Outbox, key: string): Outbox {
  const reply = outbox.get(key);
  if (reply?.state !== 'failed') return outbox;
  return put(outbox, { ...reply, state: 'sending', attempts: 0, problem: null });
}

/** The reply with this key is the server's now, or is given up. */
export function end(outbox: Outbox, key: string | null | undefined): Outbox {
  if (key == null || !outbox.has(key)) return outbox;
  const left = new Map(outbox);
  left.delete(key);
  return left;
}

/** What can be stored between two loads of the page, and read again. */
export function store(outbox: Outbox): string {
  return JSON.stringify([...outbox.values()]);
}

/** Stored replies, to be sent again with their keys; empty if the text is not one of `store`. */
export function restore(text: string | null): Outbox {
  try {
    const found: unknown = JSON.parse(text ?? '[]');
    const replies = Array.isArray(found) ? found.filter(isReply) : [];
    return new Map(replies.map((reply) => [reply.key, reply]));
  } catch {
    return new Map();
  }
}

/** The reply as a message that the server could list. */
export function asMessage(reply: Reply, author: { id: string; name: string }): Message {
  return {
    id: reply.key,
    revision: -1,
    direction: 'out',
    client_id: reply.key,
    external_id: null,
    author: { kind: 'agent', ...author },
    text: reply.body.text ?? null,
    attachments: [],
    state: reply.state === 'failed' ? 'failed' : 'pending',
    at: reply.at,
    ...(reply.body.reply_to && { reply_to: reply.body.reply_to }),
    ...(reply.body.private && { private: true }),
  };
}

function put(outbox: Outbox, reply: Reply): Outbox {
  return new Map(outbox).set(reply.key, reply);
}

function isReply(value: unknown): value is Reply {
  const given = value as Partial<Reply> | null;
  return (
    typeof given === 'object' &&
    typeof given?.key === 'string' &&
    typeof given.conversation === 'string' &&
    typeof given.at === 'string' &&
    typeof given.body === 'object' &&
    (given.state === 'sending' || given.state === 'failed')
  );
}
