/** The comments below one post, across its conversations: the live lane. */

import { batch, type Signal, signal } from '@preact/signals';
import type { Conversation, Message, PlacedMessage } from '../core/model';
import { asks, type Order, OrderBook, readOrders } from '../core/order-codes';
import { Rate, Tally } from '../core/tally';
import { Messages } from '../core/thread';
import { asProblem, type Page, read } from './asking';
import type { MessageHub, MessageListener } from './messages';
import type { RowListener, Rows } from './rows';
import type { Lane, Loading } from './store';
import type { World } from './world';

const PAGE = 200;
const ROWS_READ = 2_000;
const SECONDS = 60;
const SECOND_MS = 1_000;
const HOUR_MS = 3_600_000;
/** What comes is shown so often: at fifty comments a second each drawing has several of them. */
const SHOWN_EVERY_MS = 100;
/** So many comments are kept, the newest; orders are kept all. */
const COMMENTS_KEPT = 20_000;
const EARLY_KEPT = 200;

export interface LaneParts {
  readonly world: World;
  readonly rows: Rows;
  readonly hub: MessageHub;
  readonly me: string;
}

export class OpenLane implements Lane, RowListener, MessageListener {
  readonly ids: Signal<readonly string[]> = signal([]);
  readonly loading: Signal<Loading> = signal('loading');
  readonly perSecond: Signal<readonly number[]>;
  readonly mine = signal(0);
  readonly unclaimed = signal(0);
  readonly failed = signal(0);
  readonly privateReplies = signal(0);
  readonly orders: Signal<readonly Order[]> = signal([]);
  readonly questions: Signal<readonly string[]> = signal([]);
  readonly #comments = new Messages();
  readonly #signals = new Map<string, Signal<PlacedMessage | undefined>>();
  readonly #conversations = new Map<string, string>();
  readonly #of = new Map<string, Set<string>>();
  /** Conversations that the viewer could not see any more. */
  readonly #forgotten = new Set<string>();
  /** Comments that came before their conversation, by it. */
  readonly #early = new Map<string, PlacedMessage[]>();
  readonly #book = new OrderBook();
  readonly #asking = new Set<string>();
  readonly #owned = new Tally();
  readonly #states = new Tally();
  readonly #rate = new Rate(SECONDS);
  /** When the comments were written that were answered privately. */
  readonly #privately = new Map<string, number>();
  readonly #stops: (() => void)[];
  #changed = false;
  #ordersChanged = false;
  #questionsChanged = false;
  #load = 0;
  #cancelTick: () => void = () => {};
  #cancelPause: (() => void) | null = null;
  #waits = false;

  constructor(
    private readonly parts: LaneParts,
    readonly post: string,
    /** Of a livestream; rows of another post are looked for where they are shown. */
    private readonly livestreamOf: string | undefined,
    closed: (lane: OpenLane) => void,
  ) {
    this.perSecond = signal(this.#rate.read(this.#second()));
    this.#stops = [parts.rows.listen(this), parts.hub.listen(this), () => closed(this)];
    this.#tick();
  }

  comment(id: string): Signal<PlacedMessage | undefined> {
    let found = this.#signals.get(id);
    if (found === undefined) {
      found = signal(this.#show(id));
      this.#signals.set(id, found);
    }
    return found;
  }

  changed(id: string, row: Conversation | undefined): void {
    const early = this.#early.get(id) ?? [];
    this.#early.delete(id);
    if (row !== undefined && row.post_id !== this.post) return;
    if (row === undefined) {
      this.#owned.put(id, []);
      this.#forget(id);
      return;
    }
    if (this.#forgotten.delete(id)) this.reload();
    const holder = row.assignee?.agent_id;
    this.#owned.put(id, [holder === undefined ? 'none' : holder === this.parts.me ? 'me' : '']);
    for (const placed of early) this.upserted(placed);
  }

  upserted(placed: PlacedMessage): void {
    const { conversation_id, message } = placed;
    const row = this.parts.rows.get(conversation_id);
    if (row === undefined && !this.#of.has(conversation_id)) {
      this.#early.set(conversation_id, [...(this.#early.get(conversation_id) ?? []), placed]);
      const [first] = this.#early.keys();
      if (this.#early.size > EARLY_KEPT && first !== undefined) this.#early.delete(first);
    } else if (row === undefined || row.post_id === this.post) {
      if (message.direction === 'in' && this.#comments.get(message.id) === undefined) {
        this.#rate.note(this.#second(), this.#second());
      }
      this.#keep(placed, false);
    }
  }

  refresh(_: string, id: string): void {
    const known = this.#signals.get(id);
    if (known !== undefined) known.value = this.#show(id);
  }

  publish(): void {
    if (this.#cancelPause !== null) {
      this.#waits = true;
      return;
    }
    this.#publishNow();
    this.#cancelPause = this.parts.world.later(SHOWN_EVERY_MS, () => {
      this.#cancelPause = null;
      if (this.#waits) this.publish();
    });
  }

  #publishNow(): void {
    this.#waits = false;
    batch(() => {
      this.mine.value = this.#owned.count('me');
      this.unclaimed.value = this.#owned.count('none');
      this.failed.value = this.#states.count('failed');
      this.privateReplies.value = this.#countPrivate();
      if (this.#changed) this.ids.value = this.#comments.ids.slice();
      if (this.#ordersChanged) this.orders.value = this.#book.list();
      if (this.#questionsChanged) {
        this.questions.value = this.#comments.ids.filter((id) => this.#asking.has(id));
      }
    });
    this.#changed = this.#ordersChanged = this.#questionsChanged = false;
  }

  uses(id: string): boolean {
    return this.#of.has(id);
  }

  async reloadAll(): Promise<void> {
    const load = ++this.#load;
    if (this.loading.value !== 'ready') this.loading.value = 'loading';
    this.#comments.doubt();
    try {
      await Promise.all([this.#readRows(load), this.#readComments(load)]);
      if (load !== this.#load) return;
      for (const id of this.#comments.sweep()) this.#unindex(id);
      this.#publishNow();
      this.loading.value = 'ready';
    } catch (failure) {
      if (load !== this.#load) return;
      this.loading.value = asProblem(failure).status === 404 ? 'missing' : 'failed';
    }
  }

  reload(): void {
    void this.reloadAll();
  }

  close(): void {
    this.#load++;
    this.#cancelTick();
    this.#cancelPause?.();
    for (const stop of this.#stops) stop();
  }

  async #readRows(load: number): Promise<void> {
    if (this.livestreamOf === undefined) return;
    const query = { kind: 'livestream', page: this.livestreamOf };
    let cursor: string | null = null;
    let count = 0;
    do {
      const from: Record<string, string> = cursor === null ? {} : { cursor };
      const asked = { ...query, limit: String(PAGE), ...from };
      const { http } = this.parts.world;
      const page: Page<Conversation> = await read(http, '/v1/conversations', asked);
      if (load !== this.#load) return;
      this.parts.rows.keepAll(page.items);
      // Rows that were known already are not said again.
      for (const row of page.items) this.changed(row.id, this.parts.rows.get(row.id));
      count += page.items.length;
      cursor = page.next;
    } while (cursor !== null && count < ROWS_READ);
  }

  async #readComments(load: number): Promise<void> {
    const address = `/v1/posts/${encodeURIComponent(this.post)}/comments`;
    let cursor: string | null = null;
    do {
      const from: Record<string, string> = cursor === null ? {} : { cursor };
      const asked = { limit: String(PAGE), ...from };
      const page: Page<Message & { conversation_id: string }> = await read(
        this.parts.world.http,
        address,
        asked,
      );
      if (load !== this.#load) return;
      for (const { conversation_id, ...message } of page.items) {
        this.#keep({ conversation_id, message }, true);
      }
      this.#publishNow();
      cursor = page.next;
    } while (cursor !== null);
  }

  #keep({ conversation_id, message }: PlacedMessage, fetched: boolean): void {
    if (!this.#comments.keep(message, fetched)) return;
    const { id } = message;
    this.#conversations.set(id, conversation_id);
    const known = this.#of.get(conversation_id) ?? new Set();
    this.#of.set(conversation_id, known.add(id));
    const failed = message.state === 'failed' || message.problem != null;
    this.#states.put(id, failed ? ['failed'] : []);
    if (message.private_reply) this.#privately.set(id, Date.parse(message.at));
    this.#index(message);
    this.#changed = true;
    this.refresh(conversation_id, id);
    const [oldest] = this.#comments.ids;
    if (oldest !== undefined && this.#comments.ids.length > COMMENTS_KEPT) this.#let(oldest);
  }

  /** Forgets a comment that is too old to be shown. */
  #let(id: string): void {
    this.#comments.forget(id);
    const conversation = this.#conversations.get(id) ?? '';
    const left = this.#of.get(conversation);
    left?.delete(id);
    if (left?.size === 0) this.#of.delete(conversation);
    this.#conversations.delete(id);
    this.#signals.delete(id);
    this.#asking.delete(id);
    this.#privately.delete(id);
  }

  #index(message: Message): void {
    const { id, direction, author, at, state } = message;
    const text = direction === 'in' && state !== 'removed' ? (message.text ?? '') : '';
    if (this.#book.put({ id, customer: author.id, at, text })) this.#ordersChanged = true;
    const asking = asks(text) && readOrders(text).length === 0;
    if (asking === this.#asking.has(id)) return;
    if (asking) this.#asking.add(id);
    else this.#asking.delete(id);
    this.#questionsChanged = true;
  }

  #unindex(id: string): void {
    this.#of.get(this.#conversations.get(id) ?? '')?.delete(id);
    this.#conversations.delete(id);
    this.#privately.delete(id);
    this.#states.put(id, []);
    if (this.#book.remove(id)) this.#ordersChanged = true;
    if (this.#asking.delete(id)) this.#questionsChanged = true;
    this.#changed = true;
    this.refresh('', id);
  }

  /** The viewer may not see the conversation any more. */
  #forget(conversation: string): void {
    for (const id of this.#of.get(conversation) ?? []) {
      if (this.#comments.forget(id)) this.#unindex(id);
    }
    if (this.#of.delete(conversation)) this.#forgotten.add(conversation);
  }

  #show(id: string): PlacedMessage | undefined {
    const message = this.#comments.get(id);
    const conversation_id = this.#conversations.get(id);
    if (message === undefined || conversation_id === undefined) return undefined;
    return { conversation_id, message: this.parts.hub.overlays.show(message) };
  }

  #countPrivate(): number {
    const since = this.parts.world.now() - HOUR_MS;
    return [...this.#privately.values()].filter((at) => at > since).length;
  }

  #second(): number {
    return Math.floor(this.parts.world.now() / SECOND_MS);
  }

  #tick(): void {
    this.perSecond.value = this.#rate.read(this.#second());
    this.privateReplies.value = this.#countPrivate();
    this.#cancelTick = this.parts.world.later(SECOND_MS, () => this.#tick());
  }
}
