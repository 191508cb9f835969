/** Threads and posts hear of messages here. */

import type { Message, PlacedMessage } from '../core/model';
import { Overlays } from '../core/overlays';

export interface MessageListener {
  /** A message changed at the server. */
  upserted(placed: PlacedMessage): void;
  /** A message is shown otherwise than before. */
  refresh(conversation: string, id: string): void;
  publish(): void;
}

export class MessageHub {
  readonly overlays = new Overlays<Message>();
  readonly #listeners = new Set<MessageListener>();
  readonly #conversations = new Map<string, string>();

  listen(listener: MessageListener): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  upserted(placed: PlacedMessage): void {
    this.overlays.settle(placed.message);
    for (const each of this.#listeners) each.upserted(placed);
  }

  publish(): void {
    for (const each of this.#listeners) each.publish();
  }

  change(
    conversation: string,
    id: string,
    patch: Partial<Message>,
    ended?: (message: Message) => boolean,
  ): number {
    const token = this.overlays.begin(id, patch, ended);
    this.#conversations.set(id, conversation);
    this.#refresh(conversation, id);
    return token;
  }

  answered(conversation: string, id: string, token: number, deadline: number): void {
    this.overlays.answer(id, token, deadline);
    this.#refresh(conversation, id);
  }

  takeBack(conversation: string, id: string, token: number): void {
    this.overlays.cancel(id, token);
    this.#refresh(conversation, id);
  }

  expire(now: number): void {
    for (const id of this.overlays.expire(now)) {
      this.#refresh(this.#conversations.get(id) ?? '', id);
    }
  }

  #refresh(conversation: string, id: string): void {
    for (const each of this.#listeners) each.refresh(conversation, id);
    this.publish();
  }
}
