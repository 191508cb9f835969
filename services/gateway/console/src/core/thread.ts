/** A thread as it is shown: the server's messages, then the replies that it does not list yet. */

import { Entities } from './entities';
import type { Message } from './model';
import { sortable } from './moments';

/** How a reply from here is shown: `sending` "Đang gửi", `sent` "Đã gửi", `failed` "Chưa gửi
 * được". */
export type Delivery = 'sending' | 'sent' | 'delivered' | 'seen' | 'failed' | 'unknown' | 'removed';

const DELIVERIES: Readonly<Record<string, Delivery>> = {
  pending: 'sending',
  sent: 'sent',
  delivered: 'delivered',
  seen: 'seen',
  failed: 'failed',
  unknown: 'unknown',
  removed: 'removed',
};

/** Null for what customers write. */
export function deliveryOf(message: Message): Delivery | null {
  return message.direction === 'in' ? null : (DELIVERIES[message.state] ?? 'sent');
}

/** Stays the same when the server's message takes the place of a reply. */
export function lineKey(message: Message): string {
  return message.client_id ?? message.id;
}

/** The messages of a thread, or the comments of a post: by their times; those of the same time as
 * they became known, which is the order of the server. */
export class Messages {
  readonly #messages = new Entities<Message>();
  readonly #places = new Map<string, string>();
  /** Ids, sorted by `#places`. */
  readonly #sorted: string[] = [];
  #arrived = 0;

  get ids(): readonly string[] {
    return this.#sorted;
  }

  get(id: string): Message | undefined {
    return this.#messages.get(id);
  }

  keep(message: Message, fetched = false): boolean {
    if (!this.#messages.keep(message, fetched)) return false;
    const before = this.#places.get(message.id);
    const at = sortable(message.at);
    if (before?.startsWith(at)) return true;
    if (before !== undefined) this.#sorted.splice(this.#find(before), 1);
    const place = `${at} ${String(++this.#arrived).padStart(9, '0')}`;
    this.#places.set(message.id, place);
    this.#sorted.splice(this.#find(place), 0, message.id);
    return true;
  }

  forget(id: string): boolean {
    if (!this.#messages.forget(id)) return false;
    this.#unplace(id);
    return true;
  }

  doubt(): void {
    this.#messages.doubt();
  }

  sweep(): string[] {
    const swept = this.#messages.sweep();
    for (const id of swept) this.#unplace(id);
    return swept;
  }

  #unplace(id: string): void {
    const place = this.#places.get(id);
    if (place === undefined) return;
    this.#sorted.splice(this.#find(place), 1);
    this.#places.delete(id);
  }

  /** The index of the first one that is not before the place. */
  #find(place: string): number {
    let low = 0;
    let high = this.#sorted.length;
    while (low < high) {
      const middle = (low + high) >> 1;
      if ((this.#places.get(this.#sorted[middle] ?? '') ?? '') < place) low = middle + 1;
      else high = middle;
    }
    return low;
  }
}
