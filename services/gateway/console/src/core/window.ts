/** The part of a list that was loaded: all known rows that match and are not older than the last
 * loaded one, the newest activity first.
 *
 * While something holds it, no row moves: rows that are new or would move wait. Rows that leave do
 * so at once, and older ones are added at the end. Each change costs a binary search. */

import type { Conversation } from './model';
import { sortable } from './moments';
import type { Predicate } from './predicate';

/** Sorts like the list: by the last activity, then by the id. */
type Key = string;

export function keyOf(row: Pick<Conversation, 'id' | 'updated_at'>): Key {
  return `${sortable(row.updated_at)} ${row.id}`;
}

export class RowWindow {
  /** Sorted by the keys under which they are shown, the highest first. */
  readonly #shown: string[] = [];
  readonly #keys = new Map<string, Key>();
  readonly #waiting = new Map<string, Key>();
  #matches: Predicate;
  /** The key of the oldest row that was loaded; '' once all were, null before the first. */
  #end: Key | null = null;
  /** While it is loaded again: how far that has come; undefined otherwise. */
  #again: Key | null | undefined = undefined;
  #held = false;
  #changes = 0;

  constructor(matches: Predicate) {
    this.#matches = matches;
  }

  get ids(): readonly string[] {
    return this.#shown;
  }

  get pending(): number {
    return this.#waiting.size;
  }

  has(id: string): boolean {
    return this.#keys.has(id) || this.#waiting.has(id);
  }

  /** Rises when `ids` or `pending` change. */
  get changes(): number {
    return this.#changes;
  }

  get complete(): boolean {
    return this.#end === '';
  }

  /** Takes a page of the list: what was loaded reaches to its oldest row; to the end if there are
   * no more. `known` are all rows that are known, with those of the page. */
  extend(page: readonly Conversation[], more: boolean, known: Iterable<Conversation>): void {
    const again = this.#again !== undefined;
    let end = again ? this.#again : this.#end;
    for (const row of page) {
      const key = keyOf(row);
      if (end == null || key < end) end = key;
    }
    if (!more) end = '';
    if (again) {
      this.#again = end ?? null;
    } else {
      const before = this.#end;
      this.#end = end ?? null;
      this.#placeAll(known, before);
    }
  }

  /** The row has changed. */
  place(row: Conversation): void {
    const key = keyOf(row);
    if (this.#end !== null && key >= this.#end && this.#matches(row)) this.#put(row.id, key);
    else this.remove(row.id);
  }

  remove(id: string): void {
    const key = this.#keys.get(id);
    if (this.#waiting.delete(id)) this.#changes++;
    if (key === undefined) return;
    this.#shown.splice(this.#find(key), 1);
    this.#keys.delete(id);
    this.#changes++;
  }

  hold(held: boolean): void {
    this.#held = held;
    if (!held) this.reveal();
  }

  /** Puts all rows where they belong. */
  reveal(): void {
    const waiting = [...this.#waiting];
    this.#waiting.clear();
    for (const [id, key] of waiting) this.#move(id, key);
    if (waiting.length > 0) this.#changes++;
  }

  /** Selects by something else from now on: `place` what it changes. */
  select(matches: Predicate): void {
    this.#matches = matches;
  }

  /** It is loaded again from the beginning: what is shown stays until `finish`. */
  restart(): void {
    if (this.#end !== null) this.#again = null;
  }

  /** It was loaded again; `known` are all rows that are known. */
  finish(known: Iterable<Conversation>): void {
    if (this.#again !== undefined) this.#end = this.#again;
    this.#again = undefined;
    const left = new Set([...this.#shown, ...this.#waiting.keys()]);
    const rows = [...known];
    for (const row of rows) left.delete(row.id);
    for (const id of left) this.remove(id);
    this.#placeAll(rows);
  }

  /** Those from `placed` on are where they belong already. */
  #placeAll(known: Iterable<Conversation>, placed: Key | null = null): void {
    const found: { row: Conversation; key: Key }[] = [];
    for (const row of known) {
      const key = keyOf(row);
      if (placed === null || key < placed) found.push({ row, key });
    }
    found.sort((a, b) => (a.key < b.key ? 1 : -1));
    for (const { row } of found) this.place(row);
  }

  #put(id: string, key: Key): void {
    const before = this.#keys.get(id);
    if (before === key) {
      if (this.#waiting.delete(id)) this.#changes++;
    } else if (!this.#held || this.#staysInPlace(before, key)) {
      if (this.#waiting.delete(id)) this.#changes++;
      this.#move(id, key);
    } else if (this.#waiting.get(id) !== key) {
      this.#waiting.set(id, key);
      this.#changes++;
    }
  }

  /** Whether no row that is shown moves when this one gets its key. */
  #staysInPlace(before: Key | undefined, key: Key): boolean {
    const place = this.#find(key);
    if (before === undefined) return place === this.#shown.length;
    const now = this.#find(before);
    return place === now || place === now + 1;
  }

  #move(id: string, key: Key): void {
    const before = this.#keys.get(id);
    if (before !== undefined) this.#shown.splice(this.#find(before), 1);
    this.#keys.set(id, key);
    this.#shown.splice(this.#find(key), 0, id);
    this.#changes++;
  }

  /** The place of a key: that of the first one which is not higher. */
  #find(key: Key): number {
    let low = 0;
    let high = this.#shown.length;
    while (low < high) {
      const middle = (low + high) >> 1;
      const there = this.#keys.get(this.#shown[middle] ?? '') ?? '';
      if (there > key) low = middle + 1;
      else high = middle;
    }
    return low;
  }
}
