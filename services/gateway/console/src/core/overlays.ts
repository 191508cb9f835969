/** What the viewer has just changed and the server does not show yet: rows and messages are shown
 * with it, and never changed themselves. A change ends when the server's copy has it, when the
 * request is refused, or some time after the answer, because the change may have been undone
 * meanwhile. */

import type { Revised } from './model';

interface Change<T> {
  readonly token: number;
  readonly patch: Partial<T>;
  readonly ended: (entity: T) => boolean;
  readonly deadline: number;
}

export class Overlays<T extends Revised> {
  readonly #changes = new Map<string, readonly Change<T>[]>();
  #token = 0;

  /** The entity as it is shown. */
  show(entity: T): T {
    const changes = this.#changes.get(entity.id);
    if (changes === undefined) return entity;
    return Object.assign({}, entity, ...changes.map((change) => change.patch));
  }

  has(id: string): boolean {
    return this.#changes.has(id);
  }

  /** Returns the token of the change. By default it ends when the entity has these values. */
  begin(id: string, patch: Partial<T>, ended: (entity: T) => boolean = has(patch)): number {
    const token = ++this.#token;
    const change = { token, patch, ended, deadline: Number.POSITIVE_INFINITY };
    this.#changes.set(id, [...(this.#changes.get(id) ?? []), change]);
    return token;
  }

  /** The request was answered; whether the change has `ended` may be known better now. */
  answer(id: string, token: number, deadline: number, ended?: (entity: T) => boolean): void {
    const before = this.#changes.get(id) ?? [];
    const after = before.map((change) =>
      change.token === token ? { ...change, deadline, ended: ended ?? change.ended } : change,
    );
    this.#set(id, after);
  }

  cancel(id: string, token: number): void {
    this.#set(
      id,
      (this.#changes.get(id) ?? []).filter((change) => change.token !== token),
    );
  }

  /** Ends what the server's copy has. */
  settle(entity: T): void {
    const changes = this.#changes.get(entity.id);
    if (changes !== undefined) {
      this.#set(
        entity.id,
        changes.filter((change) => !change.ended(entity)),
      );
    }
  }

  /** Ends what is too old; returns the ids. */
  expire(now: number): string[] {
    const expired: string[] = [];
    for (const [id, changes] of this.#changes) {
      const left = changes.filter((change) => change.deadline > now);
      if (left.length < changes.length) {
        expired.push(id);
        this.#set(id, left);
      }
    }
    return expired;
  }

  #set(id: string, changes: readonly Change<T>[]): void {
    if (changes.length > 0) this.#changes.set(id, changes);
    else this.#changes.delete(id);
  }
}

function has<T extends Revised>(patch: Partial<T>): (entity: T) => boolean {
  const wanted = JSON.stringify(Object.values(patch));
  return (entity) =>
    JSON.stringify(Object.keys(patch).map((name) => entity[name as keyof T])) === wanted;
}
