/** The conversations that this tab knows, each as a signal of its own, and the lists of them. */

import { batch, type ReadonlySignal, type Signal, signal } from '@preact/signals';
import { Entities } from '../core/entities';
import type { Conversation } from '../core/model';
import { Overlays } from '../core/overlays';

/** Hears of every row that changes, as it is shown; undefined if it is not any more. */
export interface RowListener {
  changed(id: string, row: Conversation | undefined): void;
  /** All changes of a batch were said. */
  publish(): void;
  /** Whether it needs the row. */
  uses(id: string): boolean;
}

const MOST = 20_000;
/** So many more are let come before rows are forgotten, because that looks at all of them. */
const SLACK = 1_000;

export class Rows {
  readonly #entities = new Entities<Conversation>();
  readonly #overlays = new Overlays<Conversation>();
  readonly #signals = new Map<string, Signal<Conversation | undefined>>();
  readonly #listeners = new Set<RowListener>();

  /** The row as it is shown. */
  signal(id: string): ReadonlySignal<Conversation | undefined> {
    let found = this.#signals.get(id);
    if (found === undefined) {
      found = signal(this.get(id));
      this.#signals.set(id, found);
    }
    return found;
  }

  get(id: string): Conversation | undefined {
    const row = this.#entities.get(id);
    return row && this.#overlays.show(row);
  }

  *all(): IterableIterator<Conversation> {
    for (const row of this.#entities.values()) yield this.#overlays.show(row);
  }

  listen(listener: RowListener): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  /** Of the server's copies; call `publish` after a batch. */
  keep(row: Conversation, fetched = false): boolean {
    const changed = this.#entities.keep(row, fetched);
    if (changed) {
      this.#overlays.settle(row);
      this.#say(row.id);
    }
    return changed;
  }

  drop(id: string, revision: number): boolean {
    const dropped = this.#entities.drop(id, revision);
    if (dropped) this.#say(id);
    return dropped;
  }

  keepAll(rows: readonly Conversation[]): void {
    batch(() => {
      for (const row of rows) this.keep(row, true);
      this.publish();
    });
  }

  publish(): void {
    for (const listener of this.#listeners) listener.publish();
  }

  /** Forgets rows that nothing shows, if there are too many: a livestream brings new ones all the
   * time. */
  evict(used: (id: string) => boolean): void {
    if (this.#entities.size <= MOST + SLACK) return;
    const listeners = [...this.#listeners];
    const isUsed = (id: string) => used(id) || listeners.some((each) => each.uses(id));
    for (const id of this.#entities.evict(MOST, isUsed)) this.#signals.delete(id);
  }

  /** Shows a change that the server has not shown yet; see `Overlays`. */
  change(id: string, patch: Partial<Conversation>, ended?: (row: Conversation) => boolean): number {
    const token = this.#overlays.begin(id, patch, ended);
    this.#refresh(id);
    return token;
  }

  answered(
    id: string,
    token: number,
    deadline: number,
    ended?: (row: Conversation) => boolean,
  ): void {
    this.#overlays.answer(id, token, deadline, ended);
    const row = this.#entities.get(id);
    if (row !== undefined) this.#overlays.settle(row);
    this.#refresh(id);
  }

  takeBack(id: string, token: number): void {
    this.#overlays.cancel(id, token);
    this.#refresh(id);
  }

  expire(now: number): void {
    for (const id of this.#overlays.expire(now)) this.#refresh(id);
  }

  doubt(): void {
    this.#entities.doubt();
  }

  /** Returns the ids that are gone. */
  sweep(): string[] {
    const swept = this.#entities.sweep();
    batch(() => {
      for (const id of swept) this.#say(id);
      this.publish();
    });
    return swept;
  }

  #refresh(id: string): void {
    batch(() => {
      this.#say(id);
      this.publish();
    });
  }

  #say(id: string): void {
    const row = this.get(id);
    const known = this.#signals.get(id);
    if (known !== undefined) known.value = row;
    for (const listener of this.#listeners) listener.changed(id, row);
  }
}
