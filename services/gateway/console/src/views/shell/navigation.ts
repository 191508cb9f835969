import type { View } from '../../router';
import { hasRight } from '../../session';
import type { IconName } from '../../ui';

export interface Place {
  view: Exclude<View, 'login'>;
  icon: IconName;
  /** The counter of unread conversations that stands at it: a kind or a channel. */
  count?: { by: 'by_kind' | 'by_channel'; of: string };
  managers?: boolean;
}

const PLACES: readonly Place[] = [
  { view: 'inbox', icon: 'inbox', count: { by: 'by_kind', of: 'message' } },
  { view: 'comments', icon: 'comment', count: { by: 'by_kind', of: 'comment' } },
  { view: 'posts', icon: 'post' },
  { view: 'live', icon: 'live', count: { by: 'by_kind', of: 'livestream' } },
  { view: 'zalo', icon: 'zalo', count: { by: 'by_channel', of: 'zalo' } },
  { view: 'livechat', icon: 'chat', count: { by: 'by_channel', of: 'livechat' } },
  { view: 'contacts', icon: 'people' },
  { view: 'board', icon: 'board', managers: true },
  { view: 'rules', icon: 'rules', managers: true },
  { view: 'settings', icon: 'settings' },
];

/** The places that the viewer's role can use. */
export function places(): readonly Place[] {
  return PLACES.filter(({ managers }) => !managers || hasRight('read_setup'));
}
