import type { Conversation } from '../../core/model';
import { href } from '../../router';

/** Where a conversation is opened. */
export function openAt({ id, kind }: Pick<Conversation, 'id' | 'kind'>): string {
  return href(kind === 'comment' ? 'comments' : 'inbox', id);
}
