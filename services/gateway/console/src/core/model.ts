/** What the routes and the stream send, as far as the core decides by it. */

export interface Revised {
  readonly id: string;
  /** Rises with each change of the entity: of two copies the higher one is newer. */
  readonly revision: number;
}

export type Kind = 'message' | 'comment' | 'livestream';

export interface Assignee {
  readonly agent_id: string;
  readonly name: string;
}

export interface Customer {
  readonly id: string;
  readonly external_id: string;
  readonly name: string | null;
  readonly picture: string | null;
}

/** A row of `GET /v1/conversations`. */
export interface Conversation extends Revised {
  readonly kind: Kind;
  readonly channel: string;
  readonly page_id: string;
  readonly external_id: string;
  readonly customer: Customer;
  readonly contact_id: string | null;
  readonly assignee: Assignee | null;
  readonly waiting: boolean;
  readonly unread: number;
  readonly needs_reply: boolean;
  readonly waiting_since: string | null;
  readonly done: boolean;
  readonly tags: readonly string[];
  readonly last_text: string | null;
  readonly updated_at: string;
  readonly post_id?: string | null;
  readonly follows?: boolean | null;
  /** Of the assignee, for `If-Match`. */
  readonly version: number;
}

export interface BilingualText {
  readonly vi: string;
  readonly en: string;
}

export interface ChannelError {
  readonly code: string;
  readonly text: BilingualText;
  readonly retry: boolean;
}

export interface Attachment {
  readonly kind: string;
  readonly url?: string | null;
  readonly title?: string | null;
  readonly latitude?: number | null;
  readonly longitude?: number | null;
  readonly error?: ChannelError | null;
}

export interface Author {
  readonly kind: string;
  readonly id: string;
  readonly name: string | null;
}

/** A message of `GET /v1/conversations/{id}/messages`. */
export interface Message extends Revised {
  readonly direction: 'in' | 'out';
  readonly client_id?: string | null;
  readonly external_id: string | null;
  readonly author: Author;
  readonly text: string | null;
  readonly attachments: readonly Attachment[];
  readonly state: string;
  readonly error?: ChannelError | null;
  readonly hidden?: boolean;
  readonly liked?: boolean;
  readonly reaction?: string | null;
  readonly parent_id?: string | null;
  readonly origin?: string | null;
  readonly recommends?: boolean | null;
  readonly reply_to?: string | null;
  readonly private?: boolean;
  readonly private_reply?: string | null;
  readonly problem?: (ChannelError & { readonly action: string }) | null;
  readonly at: string;
}

/** A message and the conversation in whose thread it is. */
export interface PlacedMessage {
  readonly conversation_id: string;
  readonly message: Message;
}

export interface Counts {
  readonly total: number;
  readonly unread: number;
  readonly by_channel: Readonly<Record<string, number>>;
  readonly by_kind: Readonly<Record<string, number>>;
}

export type Status = 'online' | 'away' | 'offline';

export interface Presence {
  readonly agent_id: string;
  readonly status: Status;
  readonly cause: string | null;
}

export interface Viewer {
  readonly agent_id: string;
  readonly name: string;
  readonly typing: boolean;
}

export interface Job {
  readonly id: string;
  readonly kind: string;
  readonly state: string;
  readonly total: number | null;
  readonly done: number;
  readonly changed: number;
  readonly unchanged: number;
  readonly refused: number;
  readonly detail: string | null;
}

export interface Reminder {
  readonly kind: 'task' | 'appointment';
  readonly id: string;
  readonly contact_id: string;
  readonly title: string;
}

/** The filters of the list of conversations, as its query names them. All must match. */
export interface Filter {
  readonly kind?: Kind;
  readonly channel?: string;
  readonly page?: string;
  readonly state?: 'all' | 'unread';
  /** An agent's id, `me`, or `none` for the unassigned. */
  readonly assignee?: string;
  readonly tag?: string;
  readonly q?: string;
  readonly external_id?: string;
  readonly done?: boolean;
}
