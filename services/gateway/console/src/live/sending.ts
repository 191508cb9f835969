/** Sends the replies in the outbox: those of a conversation one after the other, each until it is
 * accepted, refused or given up. */

import { type Signal, signal } from '@preact/signals';
import { waitBefore } from '../core/backoff';
import type { Message } from '../core/model';
import * as box from '../core/outbox';
import { ask } from './asking';
import type { World } from './world';

export class Sending {
  readonly outbox: Signal<box.Outbox>;
  readonly #world: World;
  readonly #stored: string;
  readonly #accepted: (conversation: string, message: Message) => void;
  readonly #busy = new Set<string>();
  readonly #waiting = new Map<string, () => void>();
  #closed = false;

  /** `stored` is the name under which it survives loading the page again, in this tab. */
  constructor(
    world: World,
    stored: string,
    accepted: (conversation: string, message: Message) => void,
  ) {
    this.#world = world;
    this.#stored = stored;
    this.#accepted = accepted;
    this.outbox = signal(box.restore(world.session.getItem(stored)));
  }

  /** Sends what was restored. */
  begin(): void {
    for (const reply of this.outbox.value.values()) this.#next(reply.conversation);
  }

  send(conversation: string, body: box.ReplyBody): string {
    const key = this.#world.newKey();
    const at = new Date(this.#world.now()).toISOString();
    this.#set(box.begin(this.outbox.value, { key, conversation, body, at }));
    this.#next(conversation);
    return key;
  }

  retry(key: string): void {
    this.#set(box.retry(this.outbox.value, key));
    this.#next(this.outbox.value.get(key)?.conversation);
  }

  discard(key: string): void {
    const conversation = this.outbox.value.get(key)?.conversation;
    this.#set(box.end(this.outbox.value, key));
    this.#next(conversation);
  }

  /** Nothing can be sent there any more. */
  forget(conversation: string): void {
    for (const reply of this.outbox.value.values()) {
      if (reply.conversation === conversation) this.#set(box.end(this.outbox.value, reply.key));
    }
  }

  /** The conversations to which something is to be sent. */
  list(): string[] {
    return [...this.outbox.value.values()].map(({ conversation }) => conversation);
  }

  /** The server lists a message. */
  listed(message: Message): void {
    if (message.client_id != null) this.#set(box.end(this.outbox.value, message.client_id));
  }

  /** The network is back: nothing waits any longer. */
  wake(): void {
    for (const go of [...this.#waiting.values()]) go();
  }

  close(): void {
    this.#closed = true;
    for (const go of [...this.#waiting.values()]) go();
  }

  /** Tries the first reply of a conversation, unless one is on its way. */
  #next(conversation: string | undefined): void {
    if (conversation === undefined || this.#closed || this.#busy.has(conversation)) return;
    const replies = [...this.outbox.value.values()];
    const reply = replies.find(
      (each) => each.conversation === conversation && each.state === 'sending',
    );
    if (reply === undefined) return;
    this.#busy.add(conversation);
    void this.#attempt(reply).finally(() => {
      this.#busy.delete(conversation);
      this.#next(conversation);
    });
  }

  async #attempt({ key, conversation, body, attempts }: box.Reply): Promise<void> {
    if (attempts > 0) await this.#pause(conversation, attempts);
    if (this.#closed || this.outbox.value.get(key)?.state !== 'sending') return;
    const address = `/v1/conversations/${encodeURIComponent(conversation)}/messages`;
    const headers = { 'Idempotency-Key': key };
    const answer = await ask<Message>(this.#world.http, 'POST', address, body, headers);
    if (this.#closed) return;
    if (!answer.ok) {
      this.#set(box.refuse(this.outbox.value, key, answer.problem));
      return;
    }
    // A private reply stands in another thread: that of the customer's messages.
    if (!body.private) this.#accepted(conversation, answer.value);
    this.#set(box.end(this.outbox.value, key));
  }

  #pause(conversation: string, attempts: number): Promise<void> {
    return new Promise((resolve) => {
      const go = () => {
        cancel();
        this.#waiting.delete(conversation);
        resolve();
      };
      const cancel = this.#world.later(waitBefore(attempts, this.#world.random()), go);
      this.#waiting.set(conversation, go);
    });
  }

  #set(outbox: box.Outbox): void {
    if (outbox === this.outbox.value || this.#closed) return;
    this.outbox.value = outbox;
    if (outbox.size > 0) this.#world.session.setItem(this.#stored, box.store(outbox));
    else this.#world.session.removeItem(this.#stored);
  }
}
