/** What the routes and the stream send, as far as the core decides by it. */

import type { components } from '../api/schema';

type Schemas = components['schemas'];

export interface Revised {
  readonly id: string;
  /** Rises with each change of the entity: of two copies the higher one is newer. */
  readonly revision: number;
}

/** A row of `GET /v1/conversations`; `version` is that of the assignee, for `If-Match`. */
export type Conversation = Readonly<Schemas['ConversationView']>;

type Optional = 'hidden' | 'liked' | 'private';
type Listed = Readonly<Schemas['MessageView']>;

/** A message of `GET /v1/conversations/{id}/messages`, which leaves out what has its default. */
export type Message = Omit<Listed, Optional> & Partial<Pick<Listed, Optional>>;

/** A message and the conversation in whose thread it is. */
export interface PlacedMessage {
  readonly conversation_id: string;
  readonly message: Message;
}

export type ChannelError = Readonly<Schemas['ErrorView']>;
export type Counts = Readonly<Omit<Schemas['CountsView'], 'position'>>;
export type Job = Readonly<Schemas['JobView']>;
export type Status = Schemas['Presence'];

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

export interface Reminder {
  readonly kind: 'task' | 'appointment';
  readonly id: string;
  readonly contact_id: string;
  readonly title: string;
}

/** The filters of the list of conversations, as its query names them. All must match. */
export interface Filter {
  readonly kind?: Conversation['kind'];
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
