/** Composes the live state of one viewer. The stream is opened first; what comes is applied to what
 * is known, and everything that is shown is fetched once the stream is open, and again after a
 * `reset` (I13). */

import { batch, type Signal, signal } from '@preact/signals';
import { waitBefore } from '../core/backoff';
import { arrange, type LiveEvent } from '../core/events';
import type { Conversation, Counts, Filter, Job, Reminder, Viewer } from '../core/model';
import { Actions } from './actions';
import { asProblem, read } from './asking';
import { StoredDrafts } from './drafts';
import { OpenLane } from './lanes';
import { List } from './lists';
import { MessageHub } from './messages';
import { People } from './people';
import { Rows } from './rows';
import { Sending } from './sending';
import { forgetOthers, prefixOf, type ViewerId } from './storage';
import type { Connection, Loading, Store } from './store';
import { Tabs } from './tabs';
import { OpenThread, type ThreadParts, ThreadState } from './threads';
import { browser, type World } from './world';

/** Without a stream by then, what is shown is fetched all the same. */
const PATIENCE_MS = 1_000;
const THREADS_KEPT = 20;
const NEW_MS = 120_000;
const TOLD_KEPT = 1_000;

type Heard = Parameters<Store['onIncoming']>[0];

export function openStore(viewer: ViewerId & { name: string }, world: World = browser): Store {
  return new LiveStore(viewer, world);
}

class LiveStore implements Store {
  readonly connection: Signal<Connection> = signal('waiting');
  readonly leads = signal(false);
  readonly counts: Signal<Counts | null> = signal(null);
  readonly reminders: Signal<readonly Reminder[]> = signal([]);
  readonly jobs: Signal<ReadonlyMap<string, Job>> = signal(new Map());
  readonly resets = signal(0);
  readonly presence;
  readonly names;
  readonly drafts: StoredDrafts;
  readonly #world: World;
  readonly #viewer: ViewerId & { name: string };
  readonly #rows = new Rows();
  readonly #hub = new MessageHub();
  readonly #people: People;
  readonly #sending: Sending;
  readonly #actions: Actions;
  readonly #tabs: Tabs;
  readonly #threadParts: ThreadParts;
  readonly #lists = new Set<List>();
  readonly #lanes = new Set<OpenLane>();
  /** Those that were opened last are at the end. */
  readonly #threads = new Map<string, ThreadState>();
  readonly #viewers = new Map<string, Signal<readonly Viewer[]>>();
  readonly #heard = new Set<Heard>();
  readonly #told = new Set<string>();
  readonly #stopWakes: () => void;
  #queue: LiveEvent[] = [];
  #cancelReload: () => void = () => {};
  #reloads = 0;
  /** So many in a row failed. */
  #failures = 0;
  /** So many counts came live. */
  #countsHeard = 0;
  #fetching = false;
  #closed = false;

  constructor(viewer: ViewerId & { name: string }, world: World) {
    const prefix = prefixOf(viewer);
    this.#viewer = viewer;
    this.#world = world;
    forgetOthers(world, prefix);
    this.drafts = new StoredDrafts(world, prefix);
    this.#people = new People(world, viewer.agent_id, prefix);
    this.presence = this.#people.presence;
    this.names = this.#people.names;
    this.#sending = new Sending(world, `${prefix}outbox`, (conversation_id, message) => {
      this.#hub.upserted({ conversation_id, message });
      this.#hub.publish();
    });
    this.#actions = new Actions({
      world,
      rows: this.#rows,
      hub: this.#hub,
      nameOf: (agent) => this.#nameOf(agent),
      find: (id) => this.find(id),
    });
    const me = { id: viewer.agent_id, name: viewer.name };
    this.#threadParts = { world, hub: this.#hub, sending: this.#sending, me };
    this.#stopWakes = world.onWake(() => this.#sending.wake());
    this.#cancelReload = world.later(PATIENCE_MS, () => this.#reload());
    this.#tabs = new Tabs(world, prefix, {
      began: () => this.#reload(),
      events: (events) => this.#enqueue(events),
      state: (state) => this.#setState(state),
      left: () => {
        this.#sending.close();
        forgetOthers(world, null);
      },
      leads: () => {
        this.leads.value = true;
        this.#people.beat();
      },
      alive: () => this.#people.keepAlive(),
    });
    this.#sending.begin();
  }

  conversation(id: string) {
    return this.#rows.signal(id);
  }

  async find(id: string): Promise<Loading> {
    try {
      const address = `/v1/conversations/${encodeURIComponent(id)}`;
      this.#rows.keepAll([await read<Conversation>(this.#world.http, address)]);
      return this.#rows.get(id) === undefined ? 'missing' : 'ready';
    } catch (failure) {
      if (asProblem(failure).status !== 404) return 'failed';
      this.#forgetTexts(id);
      return 'missing';
    }
  }

  viewers(id: string): Signal<readonly Viewer[]> {
    let found = this.#viewers.get(id);
    if (found === undefined) {
      found = signal<readonly Viewer[]>([]);
      this.#viewers.set(id, found);
    }
    return found;
  }

  openList(filter: Filter): List {
    const closed = (list: List) => this.#lists.delete(list);
    const me = this.#viewer.agent_id;
    const list = new List(this.#world, this.#rows, filter, me, this.counts, closed);
    this.#lists.add(list);
    if (this.#fetching) list.reload();
    return list;
  }

  openThread(id: string): OpenThread {
    const state = this.#threads.get(id) ?? new ThreadState(id, this.#threadParts);
    const isNew = !this.#threads.delete(id);
    this.#threads.set(id, state);
    state.users++;
    if (this.#fetching) {
      if (this.#rows.get(id) === undefined) void this.find(id);
      if (isNew || state.loading.value !== 'ready') void state.load();
    }
    return new OpenThread(state, this.#threadParts, () => {
      state.users--;
      this.#closeThreads();
    });
  }

  openLane(post: string, livestreamOf?: string): OpenLane {
    const parts = { ...this.#threadParts, rows: this.#rows, me: this.#viewer.agent_id };
    const lane = new OpenLane(parts, post, livestreamOf, (closed) => this.#lanes.delete(closed));
    this.#lanes.add(lane);
    if (this.#fetching) lane.reload();
    return lane;
  }

  assign: Store['assign'] = (...given) => this.#actions.assign(...given);
  setDone: Store['setDone'] = (...given) => this.#actions.setDone(...given);
  markRead: Store['markRead'] = (...given) => this.#actions.markRead(...given);
  markUnread: Store['markUnread'] = (id) => this.#actions.markUnread(id);
  setHidden: Store['setHidden'] = (...given) => this.#actions.setHidden(...given);
  setLiked: Store['setLiked'] = (...given) => this.#actions.setLiked(...given);
  editComment: Store['editComment'] = (...given) => this.#actions.editComment(...given);
  deleteComment: Store['deleteComment'] = (...given) => this.#actions.deleteComment(...given);
  setPresence: Store['setPresence'] = (status) => this.#people.set(status);

  follow(job: Job): void {
    this.jobs.value = new Map(this.jobs.value).set(job.id, job);
  }

  dismiss(reminder: Reminder): void {
    const left = this.reminders.value.filter((each) => !isSame(each, reminder));
    this.reminders.value = left;
  }

  onIncoming(heard: Heard): () => void {
    this.#heard.add(heard);
    return () => this.#heard.delete(heard);
  }

  close(forget: boolean): void {
    this.#closed = true;
    this.#cancelReload();
    this.#stopWakes();
    this.#tabs.close(forget);
    this.#people.close();
    this.#sending.close();
    this.drafts.close();
    for (const list of [...this.#lists]) list.close();
    for (const lane of [...this.#lanes]) lane.close();
    for (const thread of this.#threads.values()) thread.close();
    if (forget) forgetOthers(this.#world, null);
  }

  #setState(state: Connection): void {
    this.connection.value = state;
    if (state === 'open') this.#sending.wake();
    if (state !== 'open') for (const each of this.#viewers.values()) each.value = [];
  }

  #enqueue(events: readonly LiveEvent[]): void {
    if (this.#closed) return;
    if (this.#queue.length === 0) this.#world.frame(() => this.#apply());
    this.#queue.push(...events);
  }

  #apply(): void {
    const events = arrange(this.#queue);
    this.#queue = [];
    if (this.#closed) return;
    batch(() => {
      for (const event of events) this.#applyOne(event);
      this.#rows.publish();
      this.#hub.publish();
    });
    this.#rows.evict((id) => this.#threads.has(id));
  }

  #applyOne(event: LiveEvent): void {
    switch (event.type) {
      case 'reset':
        this.resets.value++;
        this.#reload();
        return;
      case 'conversation.upserted':
        this.#keepRow(event.conversation);
        return;
      case 'conversation.removed':
        this.#dropRow(event.id, event.revision);
        return;
      case 'message.upserted':
        this.#sending.listed(event.message);
        this.#hub.upserted(event);
        this.#tellIncoming(event);
        return;
      case 'counts.changed':
        this.#countsHeard++;
        this.counts.value = event.counts;
        return;
      case 'presence.changed':
        this.#people.changed(event);
        return;
      case 'conversation.viewers':
        this.#showViewers(event.conversation_id, event.viewers);
        return;
      case 'job.progressed':
        this.follow(event.job);
        return;
      case 'reminder.due':
        if (!this.reminders.value.some((each) => isSame(each, event))) {
          const { kind, id, contact_id, title } = event;
          this.reminders.value = [...this.reminders.value, { kind, id, contact_id, title }];
        }
    }
  }

  #keepRow(row: Conversation): void {
    if (!this.#rows.keep(row)) return;
    for (const list of this.#lists) list.countSoon();
    const thread = this.#threads.get(row.id);
    if (thread?.loading.value === 'missing') void thread.load();
  }

  #dropRow(id: string, revision: number): void {
    const dropped = this.#rows.drop(id, revision);
    const thread = this.#threads.get(id);
    if (!dropped && this.#rows.get(id) !== undefined) {
      void thread?.load(); // it was away for a while: messages may be missing
      return;
    }
    for (const list of this.#lists) list.countSoon();
    thread?.forget();
    this.#closeThreads();
    this.#forgetTexts(id);
    if (this.#viewers.has(id)) this.#showViewers(id, []);
  }

  /** What the viewer wrote to somebody whom they may not see any more. */
  #forgetTexts(id: string): void {
    this.drafts.write(id, '');
    this.#sending.forget(id);
  }

  #showViewers(id: string, viewers: readonly Viewer[]): void {
    const others = viewers.filter(({ agent_id }) => agent_id !== this.#viewer.agent_id);
    this.viewers(id).value = others;
  }

  /** Messages change after they came, too: each is told once, and only while it is new. */
  #tellIncoming(event: Parameters<Heard>[0]): void {
    const { id, direction, at } = event.message;
    const age = this.#world.now() - Date.parse(at);
    if (!this.leads.value || direction === 'out' || age > NEW_MS || this.#told.has(id)) return;
    this.#told.add(id);
    const [first] = this.#told;
    if (this.#told.size > TOLD_KEPT && first !== undefined) this.#told.delete(first);
    const row = this.#rows.get(event.conversation_id);
    for (const heard of this.#heard) heard(event, row);
  }

  /** Fetches everything that is shown, and removes what is not there any more. */
  #reload(): void {
    if (this.#closed) return;
    this.#cancelReload();
    const reload = ++this.#reloads;
    this.#fetching = true;
    void this.#fetchAll(reload).then((failed) => {
      if (reload !== this.#reloads || this.#closed) return;
      this.#failures = failed ? this.#failures + 1 : 0;
      if (!failed) return;
      const wait = waitBefore(this.#failures, this.#world.random());
      this.#cancelReload = this.#world.later(wait, () => this.#reload());
    });
  }

  /** Whether anything failed. */
  async #fetchAll(reload: number): Promise<boolean> {
    this.#rows.doubt();
    for (const [id, thread] of this.#threads) {
      if (thread.users === 0) this.#endThread(id, thread);
    }
    const lists = [...this.#lists];
    const lanes = [...this.#lanes];
    const threads = [...this.#threads.values()];
    const found = await Promise.all([
      succeeds(this.#readCounts()),
      succeeds(this.#people.load()),
      ...lists.map((list) => list.reloadAll().then(() => list.loading.value !== 'failed')),
      ...lanes.map((lane) => lane.reloadAll().then(() => lane.loading.value !== 'failed')),
      ...threads.map((thread) => thread.load().then(() => thread.loading.value !== 'failed')),
      ...threads.map(({ id }) => this.find(id).then((loading) => loading !== 'failed')),
    ]);
    if (reload !== this.#reloads || this.#closed) return false;
    if (found.includes(false)) return true;
    for (const id of this.#rows.sweep()) this.#threads.get(id)?.forget();
    for (const list of lists) list.finish();
    const written = new Set([...this.drafts.list(), ...this.#sending.list()]);
    for (const id of written) if (this.#rows.get(id) === undefined) await this.find(id);
    return false;
  }

  async #readCounts(): Promise<void> {
    const heard = this.#countsHeard;
    const counts = await read<Counts>(this.#world.http, '/v1/conversations/counts');
    if (heard === this.#countsHeard && !this.#closed) this.counts.value = counts;
  }

  #closeThreads(): void {
    for (const [id, thread] of this.#threads) {
      if (this.#threads.size <= THREADS_KEPT && thread.loading.value === 'ready') continue;
      if (thread.users === 0) this.#endThread(id, thread);
    }
  }

  #endThread(id: string, thread: ThreadState): void {
    thread.close();
    this.#threads.delete(id);
  }

  #nameOf(agent: string): string {
    if (agent === this.#viewer.agent_id) return this.#viewer.name;
    return this.names.value.get(agent) ?? agent;
  }
}

function succeeds(asked: Promise<void>): Promise<boolean> {
  return asked.then(
    () => true,
    () => false,
  );
}

function isSame(one: Reminder, other: Reminder): boolean {
  return one.kind === other.kind && one.id === other.id;
}
