/** Copies of the server's entities: of two the one with the higher revision is newer, whatever way
 * each came (I13). What was removed leaves a tombstone, so that an older copy does not come back. */

import type { Revised } from './model';

export class Entities<T extends Revised> {
  readonly #known = new Map<string, T>();
  readonly #gone = new Map<string, number>();
  #unconfirmed: Set<string> | null = null;

  get size(): number {
    return this.#known.size;
  }

  get(id: string): T | undefined {
    return this.#known.get(id);
  }

  values(): IterableIterator<T> {
    return this.#known.values();
  }

  /** Whether it changed what is known. A copy of the same revision counts if it was fetched: names
   * in it may have changed. */
  keep(entity: T, fetched = false): boolean {
    if ((this.#gone.get(entity.id) ?? -1) >= entity.revision) return false;
    const known = this.#known.get(entity.id)?.revision ?? -1;
    const confirms = this.#unconfirmed?.delete(entity.id) ?? false;
    if (known > entity.revision) return false;
    if (known === entity.revision && !fetched && !confirms) return false;
    this.#known.delete(entity.id); // so that the last changed is at the end
    this.#known.set(entity.id, entity);
    return true;
  }

  /** Whether it was known and is not any more. */
  drop(id: string, revision: number): boolean {
    if ((this.#known.get(id)?.revision ?? -1) > revision) return false;
    this.#gone.set(id, Math.max(revision, this.#gone.get(id) ?? -1));
    this.#unconfirmed?.delete(id);
    return this.#known.delete(id);
  }

  /** Without a tombstone: it may come back as it was. */
  forget(id: string): boolean {
    this.#unconfirmed?.delete(id);
    return this.#known.delete(id);
  }

  /** Forgets what changed longest ago and is not `used`, until no more than `most` are left, and as
   * many tombstones. Returns the ids. */
  evict(most: number, used: (id: string) => boolean): string[] {
    for (const id of this.#gone.keys()) {
      if (this.#gone.size <= most) break;
      this.#gone.delete(id);
    }
    const evicted: string[] = [];
    for (const id of this.#known.keys()) {
      if (this.#known.size <= most) break;
      if (used(id)) continue;
      this.#known.delete(id);
      evicted.push(id);
    }
    return evicted;
  }

  /** After a `reset` removals may be missing: what is not kept again before `sweep` is gone. Until
   * then it is shown, so that nothing flickers. */
  doubt(): void {
    this.#gone.clear();
    this.#unconfirmed = new Set(this.#known.keys());
  }

  /** The ids that are gone. */
  sweep(): string[] {
    const swept = [...(this.#unconfirmed ?? [])];
    for (const id of swept) this.#known.delete(id);
    this.#unconfirmed = null;
    return swept;
  }
}
