/** Rows and messages for tests. */

import type { Conversation, Message } from './model';

export function conversation(given: Partial<Conversation> = {}): Conversation {
  return {
    id: 'msg_1',
    revision: 1,
    kind: 'message',
    channel: 'facebook',
    page_id: 'page-1',
    external_id: 'customer-1',
    customer: { id: 'customer-1', external_id: 'customer-1', name: 'Hoa', picture: null },
    contact_id: null,
    assignee: null,
    waiting: false,
    unread: 0,
    needs_reply: false,
    waiting_since: null,
    done: false,
    tags: [],
    last_text: null,
    updated_at: '2026-11-21T08:00:00Z',
    version: 1,
    ...given,
  };
}

export function message(given: Partial<Message> = {}): Message {
  return {
    id: 'm_1',
    revision: 4,
    direction: 'in',
    external_id: 'mid.1',
    author: { kind: 'customer', id: 'customer-1', name: 'Hoa' },
    text: 'Còn size 42 không?',
    attachments: [],
    state: 'received',
    at: '2026-11-21T08:00:00Z',
    ...given,
  };
}
