/** Lists of conversations: loaded page by page, then kept up to date. */

import { type ReadonlySignal, type Signal, signal } from '@preact/signals';
import type { Conversation, Counts, Filter } from '../core/model';
import { asQuery, predicate } from '../core/predicate';
import { RowWindow } from '../core/window';
import { asProblem, type Page, read } from './asking';
import type { RowListener, Rows } from './rows';
import type { Hold, ListWindow, Loading } from './store';
import type { World } from './world';

const FIRST = 50;
const FURTHER = 200;
/** A list that became longer by what came live is loaded again. */
const MOST = 10_000;
const COUNTED_EVERY_MS = 3_000;

export class List implements ListWindow, RowListener {
  readonly ids: Signal<readonly string[]> = signal([]);
  readonly pending = signal(0);
  readonly more = signal(false);
  readonly loading: Signal<Loading> = signal('loading');
  readonly counts: ReadonlySignal<Counts | null>;
  readonly #ownCounts: Signal<Counts | null> | null;
  readonly #window: RowWindow;
  readonly #holds = new Set<Hold>();
  readonly #world: World;
  readonly #rows: Rows;
  readonly #closed: () => void;
  #ignore: () => void = () => {};
  #cursor: string | null = null;
  #loaded = 0;
  #load = 0;
  #further: Promise<void> | null = null;
  #published = -1;
  #reloading = false;
  #counting = false;
  #countAgain = false;
  #pinned: string | null = null;

  constructor(
    world: World,
    rows: Rows,
    readonly filter: Filter,
    private readonly me: string,
    all: ReadonlySignal<Counts | null>,
    closed: (list: List) => void,
  ) {
    this.#world = world;
    this.#rows = rows;
    this.#window = new RowWindow(predicate(filter, me));
    this.#ownCounts = Object.keys(asQuery(filter)).length > 0 ? signal(null) : null;
    this.counts = this.#ownCounts ?? all;
    this.#closed = () => closed(this);
    this.#ignore = rows.listen(this);
  }

  changed(id: string, row: Conversation | undefined): void {
    if (row === undefined) this.#window.remove(id);
    else this.#window.place(row);
  }

  publish(): void {
    if (this.#window.changes === this.#published) return;
    this.#published = this.#window.changes;
    this.ids.value = this.#window.ids.slice();
    this.pending.value = this.#window.pending;
    if (this.ids.value.length > this.#loaded + MOST && this.#holds.size === 0) this.#shorten();
  }

  uses(id: string): boolean {
    return this.#window.has(id);
  }

  /** Loads it, as far as it was loaded before. Rejects with nothing: it is `failed` then. */
  async reloadAll(): Promise<void> {
    const load = ++this.#load;
    this.#reloading = true;
    const wanted = Math.max(this.#loaded, FIRST);
    if (this.loading.value !== 'ready') this.loading.value = 'loading';
    this.#window.restart();
    this.#count();
    try {
      let cursor: string | null = null;
      let loaded = 0;
      do {
        const limit: number = Math.min(wanted - loaded, FURTHER);
        const page: Page<Conversation> = await this.#read(limit, cursor);
        if (load !== this.#load) return;
        loaded += page.items.length;
        cursor = page.next;
        this.#take(page);
      } while (cursor !== null && loaded < wanted);
      this.#loaded = loaded;
      this.#reloading = false;
      this.loading.value = 'ready';
    } catch (failure) {
      if (load !== this.#load) return;
      this.#reloading = false;
      this.loading.value = asProblem(failure).status === 404 ? 'missing' : 'failed';
    }
  }

  /** Removes what was not loaded again, unless that is still going on. */
  finish(): void {
    if (this.#reloading || this.loading.value !== 'ready') return;
    this.#window.finish(this.#rows.all());
    this.publish();
  }

  reload(): void {
    void this.reloadAll().then(() => this.finish());
  }

  loadMore(): Promise<void> {
    this.#further ??= this.#loadFurther().finally(() => {
      this.#further = null;
    });
    return this.#further;
  }

  hold(why: Hold): void {
    this.#holds.add(why);
    this.#window.hold(true);
  }

  release(why: Hold): void {
    if (!this.#holds.delete(why) || this.#holds.size > 0) return;
    this.#window.hold(false);
    this.publish();
  }

  reveal(): void {
    this.#window.reveal();
    this.publish();
  }

  pin(id: string | null): void {
    if (this.filter.state !== 'unread' || id === this.#pinned) return;
    const before = this.#pinned;
    this.#pinned = id;
    const unread = predicate(this.filter, this.me);
    const any = predicate({ ...this.filter, state: 'all' }, this.me);
    this.#window.select((row) => (row.id === id ? any(row) : unread(row)));
    for (const each of [before, id]) {
      const row = each === null ? undefined : this.#rows.get(each);
      if (row !== undefined) this.#window.place(row);
    }
    this.publish();
  }

  /** Something changed that its counts may count. */
  countSoon(): void {
    this.#count();
  }

  close(): void {
    this.#load++;
    this.#ignore();
    this.#closed();
  }

  #shorten(): void {
    if (this.#reloading || this.loading.value !== 'ready') return;
    this.#loaded = FIRST;
    this.reload();
  }

  async #loadFurther(): Promise<void> {
    const load = this.#load;
    if (this.#cursor === null || this.#reloading || this.loading.value !== 'ready') return;
    try {
      const page = await this.#read(FURTHER, this.#cursor);
      if (load !== this.#load) return;
      this.#loaded += page.items.length;
      this.#take(page);
    } catch {
      // It is tried again when more is asked for the next time.
    }
  }

  #read(limit: number, cursor: string | null): Promise<Page<Conversation>> {
    const query = { ...asQuery(this.filter), limit: String(limit) };
    const from: Record<string, string> = cursor === null ? {} : { cursor };
    return read(this.#world.http, '/v1/conversations', { ...query, ...from });
  }

  #take(page: Page<Conversation>): void {
    this.#rows.keepAll(page.items);
    this.#window.extend(page.items, page.next !== null, this.#rows.all());
    this.#cursor = page.next;
    this.more.value = page.next !== null;
    this.publish();
  }

  /** Reads the counts now, and again if they were asked for meanwhile, but not too often. */
  #count(): void {
    const counts = this.#ownCounts;
    if (counts === null) return;
    this.#countAgain = this.#counting;
    if (this.#counting) return;
    this.#counting = true;
    const load = this.#load;
    const address = '/v1/conversations/counts';
    void read<Counts>(this.#world.http, address, asQuery(this.filter))
      .then((found) => {
        if (load === this.#load) counts.value = found;
      })
      .catch(() => {})
      .finally(() => {
        this.#world.later(COUNTED_EVERY_MS, () => {
          this.#counting = false;
          if (this.#countAgain && load === this.#load) this.#count();
        });
      });
  }
}
