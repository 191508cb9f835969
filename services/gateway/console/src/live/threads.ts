/** The threads of conversations: read whole, then kept up to date, with the replies that the server
 * does not list yet. */

import { batch, computed, type ReadonlySignal, type Signal, signal } from '@preact/signals';
import type { Message, PlacedMessage } from '../core/model';
import { asMessage, type Reply, type ReplyBody } from '../core/outbox';
import { deliveryOf, lineKey, Messages } from '../core/thread';
import { ask, asProblem, type Page, read } from './asking';
import type { MessageHub, MessageListener } from './messages';
import type { Sending } from './sending';
import type { Answer, Line, Loading, Thread } from './store';
import { Viewing } from './viewing';
import type { World } from './world';

const PAGE = 200;
const DONE: Answer = { ok: true, value: undefined };

export interface ThreadParts {
  readonly world: World;
  readonly hub: MessageHub;
  readonly sending: Sending;
  readonly me: { readonly id: string; readonly name: string };
}

/** One thread, however many views show it. */
export class ThreadState implements MessageListener {
  readonly keys: Signal<readonly string[]> = signal([]);
  readonly loading: Signal<Loading> = signal('loading');
  readonly lines: ReadonlySignal<readonly Line[]>;
  /** So many views show it. */
  users = 0;
  readonly #messages = new Messages();
  readonly #lines = new Map<string, Signal<Line | undefined>>();
  readonly #ids = new Map<string, string>();
  readonly #stops: (() => void)[] = [];
  #replies: readonly Reply[] = [];
  #changed = true;
  #load = 0;

  constructor(
    readonly id: string,
    private readonly parts: ThreadParts,
  ) {
    this.lines = computed(() => this.keys.value.flatMap((key) => this.line(key).value ?? []));
    const { hub, sending } = parts;
    this.#stops.push(hub.listen(this));
    this.#stops.push(sending.outbox.subscribe((outbox) => this.#takeReplies([...outbox.values()])));
  }

  line(key: string): Signal<Line | undefined> {
    let found = this.#lines.get(key);
    if (found === undefined) {
      found = signal<Line | undefined>(undefined);
      this.#lines.set(key, found);
      found.value = this.#show(key);
    }
    return found;
  }

  upserted({ conversation_id, message }: PlacedMessage): void {
    if (conversation_id === this.id) this.#keep(message, false);
  }

  refresh(conversation: string, id: string): void {
    const message = conversation === this.id ? this.#messages.get(id) : undefined;
    if (message !== undefined) this.#repaint(lineKey(message));
  }

  publish(): void {
    if (!this.#changed) return;
    this.#changed = false;
    const keys = this.#messages.ids.flatMap((id) => {
      const message = this.#messages.get(id);
      return message ? lineKey(message) : [];
    });
    const replies = this.#replies.map(({ key }) => key).filter((key) => !this.#ids.has(key));
    batch(() => {
      this.keys.value = [...keys, ...replies];
      for (const key of replies) this.#repaint(key);
    });
  }

  async load(): Promise<void> {
    const load = ++this.#load;
    if (this.loading.value !== 'ready') this.loading.value = 'loading';
    this.#messages.doubt();
    const address = `/v1/conversations/${encodeURIComponent(this.id)}/messages`;
    try {
      let cursor: string | null = null;
      do {
        const from: Record<string, string> = cursor === null ? {} : { cursor };
        const query = { limit: String(PAGE), ...from };
        const page: Page<Message> = await read(this.parts.world.http, address, query);
        if (load !== this.#load) return;
        batch(() => {
          for (const message of page.items) this.#keep(message, true);
          this.publish();
        });
        cursor = page.next;
      } while (cursor !== null);
      if (this.#messages.sweep().length > 0) this.#changed = true;
      this.publish();
      this.loading.value = 'ready';
    } catch (failure) {
      if (load !== this.#load) return;
      this.loading.value = asProblem(failure).status === 404 ? 'missing' : 'failed';
    }
  }

  /** The viewer may not see it any more. */
  forget(): void {
    this.#load++;
    this.#messages.doubt();
    this.#messages.sweep();
    this.#ids.clear();
    batch(() => {
      for (const line of this.#lines.values()) line.value = undefined;
      this.#changed = true;
      this.publish();
      this.loading.value = 'missing';
    });
  }

  async retry(key: string): Promise<Answer> {
    const message = this.#messages.get(this.#ids.get(key) ?? '');
    if (message !== undefined) return this.#act('POST', message.id, '/retry');
    this.parts.sending.retry(key);
    return DONE;
  }

  async discard(key: string): Promise<Answer> {
    const message = this.#messages.get(this.#ids.get(key) ?? '');
    if (message?.state === 'pending') return this.#act('DELETE', message.id, '');
    if (message === undefined) this.parts.sending.discard(key);
    return DONE;
  }

  close(): void {
    this.#load++;
    for (const stop of this.#stops) stop();
  }

  async #act(method: string, id: string, rest: string): Promise<Answer> {
    const address = `/v1/conversations/${encodeURIComponent(this.id)}/messages/${id}${rest}`;
    const answer = await ask<Message>(this.parts.world.http, method, address);
    if (answer.ok) this.parts.hub.upserted({ conversation_id: this.id, message: answer.value });
    this.parts.hub.publish();
    return answer;
  }

  #takeReplies(replies: readonly Reply[]): void {
    const own = replies.filter(({ conversation }) => conversation === this.id);
    if (own.length === 0 && this.#replies.length === 0) return;
    this.#replies = own;
    this.#changed = true;
    this.publish();
  }

  #keep(message: Message, fetched: boolean): void {
    if (!this.#messages.keep(message, fetched)) return;
    const key = lineKey(message);
    this.#ids.set(key, message.id);
    this.#changed = true;
    this.parts.sending.listed(message);
    this.#repaint(key);
  }

  #repaint(key: string): void {
    const line = this.#lines.get(key);
    if (line !== undefined) line.value = this.#show(key);
  }

  #show(key: string): Line | undefined {
    const listed = this.#messages.get(this.#ids.get(key) ?? '');
    if (listed !== undefined) {
      const { overlays } = this.parts.hub;
      const message = overlays.show(listed);
      const delivery = deliveryOf(message);
      const error = message.error ?? null;
      return { key, message, delivery, error, reply: null, changing: overlays.has(message.id) };
    }
    const reply = this.#replies.find((each) => each.key === key);
    if (reply === undefined) return undefined;
    const message = asMessage(reply, this.parts.me);
    const delivery = deliveryOf(message);
    return { key, message, delivery, error: null, reply, changing: false };
  }
}

/** A view's hold on a thread. */
export class OpenThread implements Thread {
  readonly id: string;
  readonly keys: ReadonlySignal<readonly string[]>;
  readonly loading: ReadonlySignal<Loading>;
  readonly lines: ReadonlySignal<readonly Line[]>;
  readonly #viewing: Viewing;
  #closed = false;

  constructor(
    private readonly state: ThreadState,
    private readonly parts: ThreadParts,
    private readonly closed: () => void,
  ) {
    this.id = state.id;
    this.keys = state.keys;
    this.loading = state.loading;
    this.lines = state.lines;
    this.#viewing = new Viewing(parts.world, state.id, () => state.loading.peek() !== 'missing');
  }

  line(key: string): ReadonlySignal<Line | undefined> {
    return this.state.line(key);
  }

  send(body: ReplyBody): string {
    this.#viewing.typing(false);
    return this.parts.sending.send(this.id, body);
  }

  retry(key: string): Promise<Answer> {
    return this.state.retry(key);
  }

  discard(key: string): Promise<Answer> {
    return this.state.discard(key);
  }

  reload(): void {
    void this.state.load();
  }

  view(): void {
    this.#viewing.start();
  }

  typing(is: boolean): void {
    this.#viewing.typing(is);
  }

  close(): void {
    if (this.#closed) return;
    this.#closed = true;
    this.#viewing.stop();
    this.closed();
  }
}
