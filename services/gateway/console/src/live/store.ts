/** What the views use of the live state. `openStore` in `open-store.ts` makes it. */

import type { ReadonlySignal } from '@preact/signals';
import type {
  ChannelError,
  Conversation,
  Counts,
  Filter,
  Job,
  Message,
  PlacedMessage,
  Presence,
  Reminder,
  Status,
  Viewer,
} from '../core/model';
import type { Order } from '../core/order-codes';
import type { Reply, ReplyBody } from '../core/outbox';
import type { Problem } from '../core/problem';
import type { Delivery } from '../core/thread';

/** `waiting`: another tab leads, and nothing was heard of its connection yet. `ended`: the login
 * has ended, here or in another tab, or somebody else logged in there: close the store. */
export type Connection = 'waiting' | 'connecting' | 'open' | 'reconnecting' | 'ended';

export type Loading = 'loading' | 'ready' | 'failed' | 'missing';

/** Why rows must not move now: the cursor is over them, rows are selected, it is scrolled. */
export type Hold = 'pointer' | 'selection' | 'scroll';

/** The rows of a filter, newest activity first. */
export interface ListWindow {
  readonly filter: Filter;
  /** The ids in the order in which they are shown; use `Store.conversation` for each. */
  readonly ids: ReadonlySignal<readonly string[]>;
  /** How many rows are new or would move, and wait until `reveal` or until nothing holds. */
  readonly pending: ReadonlySignal<number>;
  readonly more: ReadonlySignal<boolean>;
  readonly loading: ReadonlySignal<Loading>;
  /** Of the filter, absolute; null until they were read. */
  readonly counts: ReadonlySignal<Counts | null>;
  loadMore(): Promise<void>;
  hold(why: Hold): void;
  release(why: Hold): void;
  reveal(): void;
  /** The row that is open: it stays in a list of unread ones while it is read. */
  pin(id: string | null): void;
  /** Loads the list again after it failed. */
  reload(): void;
  close(): void;
}

/** A line of a thread: a message of the server, or a reply that it does not list yet. */
export interface Line {
  /** Stays the same when the server's message takes the place of the reply. */
  readonly key: string;
  readonly message: Message;
  /** Null for what customers write. */
  readonly delivery: Delivery | null;
  readonly error: ChannelError | null;
  /** The reply of ours, as long as the server does not list it. */
  readonly reply: Reply | null;
  /** Whether hiding or liking has not been answered by the channel yet. */
  readonly changing: boolean;
}

export interface Thread {
  readonly id: string;
  readonly keys: ReadonlySignal<readonly string[]>;
  readonly loading: ReadonlySignal<Loading>;
  line(key: string): ReadonlySignal<Line | undefined>;
  /** All lines, oldest first. */
  readonly lines: ReadonlySignal<readonly Line[]>;
  /** Shows the reply at once; returns its key. */
  send(body: ReplyBody): string;
  /** Sends again: a reply that was not accepted, with the same key; a failed message, by the
   * server. */
  retry(key: string): Promise<Answer>;
  /** Gives up a reply that was not accepted, or cancels one that is pending at the server. */
  discard(key: string): Promise<Answer>;
  reload(): void;
  /** Says that the viewer has it open, every five seconds until `close`. */
  view(): void;
  typing(is: boolean): void;
  close(): void;
}

/** The comments below a post, across conversations, oldest first. */
export interface Lane {
  readonly post: string;
  readonly ids: ReadonlySignal<readonly string[]>;
  readonly loading: ReadonlySignal<Loading>;
  comment(id: string): ReadonlySignal<PlacedMessage | undefined>;
  /** Comments of customers in each of the last 60 seconds, the oldest first. */
  readonly perSecond: ReadonlySignal<readonly number[]>;
  /** By conversations of the post. */
  readonly mine: ReadonlySignal<number>;
  readonly unclaimed: ReadonlySignal<number>;
  readonly failed: ReadonlySignal<number>;
  /** Of comments of the last hour. */
  readonly privateReplies: ReadonlySignal<number>;
  /** One for each customer and code, the oldest first. */
  readonly orders: ReadonlySignal<readonly Order[]>;
  readonly questions: ReadonlySignal<readonly string[]>;
  reload(): void;
  close(): void;
}

export type Answer<T = unknown> =
  | { readonly ok: true; readonly value: T }
  | {
      readonly ok: false;
      readonly problem: Problem;
      /** The agent who came first; null is nobody, undefined if that is not why. */
      readonly winner: string | null | undefined;
    };

export interface Store {
  readonly connection: ReadonlySignal<Connection>;
  /** Whether this tab keeps the connection for all: it alone makes sounds. */
  readonly leads: ReadonlySignal<boolean>;
  readonly counts: ReadonlySignal<Counts | null>;
  readonly presence: ReadonlySignal<ReadonlyMap<string, Presence>>;
  readonly names: ReadonlySignal<ReadonlyMap<string, string>>;
  readonly reminders: ReadonlySignal<readonly Reminder[]>;
  readonly jobs: ReadonlySignal<ReadonlyMap<string, Job>>;
  /** So often the stream said that everything may be different now, what the viewer may do too. */
  readonly resets: ReadonlySignal<number>;

  /** The row with the changes of this agent that the server has not shown yet; undefined for one
   * that is not known or not to be seen any more. */
  conversation(id: string): ReadonlySignal<Conversation | undefined>;
  /** Reads one that no list contains: `missing` if there is none that the viewer may see. */
  find(id: string): Promise<Loading>;
  viewers(id: string): ReadonlySignal<readonly Viewer[]>;
  openList(filter: Filter): ListWindow;
  openThread(id: string): Thread;
  /** `livestreamOf` is the page, if the post is a livestream: then its rows are read, too. */
  openLane(post: string, livestreamOf?: string): Lane;

  /** `ifMatch` is the version on which the agent decided; the winner is named if it has passed. */
  assign(id: string, agent: string | null, ifMatch?: number, note?: string): Promise<Answer>;
  setDone(id: string, done: boolean): Promise<Answer>;
  markRead(id: string, until?: string): Promise<Answer>;
  markUnread(id: string): Promise<Answer>;
  setHidden(conversation: string, message: string, hidden: boolean): Promise<Answer>;
  setLiked(conversation: string, message: string, liked: boolean): Promise<Answer>;
  editComment(conversation: string, message: string, text: string): Promise<Answer>;
  deleteComment(conversation: string, message: string): Promise<Answer>;
  setPresence(status: Status): Promise<Answer>;
  /** Follows a job that a view began. */
  follow(job: Job): void;
  dismiss(reminder: Reminder): void;

  /** Called for each message of a customer that came live, in the leading tab only. */
  onIncoming(heard: (placed: PlacedMessage, row: Conversation | undefined) => void): () => void;
  readonly drafts: Drafts;
  /** Ends everything; with `forget`, which is for a logout, also removes what is stored, and ends the
   * stores of the other tabs. */
  close(forget: boolean): void;
}

export interface Drafts {
  read(conversation: string): string;
  write(conversation: string, text: string): void;
  /** Whether there is one, for the list. */
  has(conversation: string): ReadonlySignal<boolean>;
}
