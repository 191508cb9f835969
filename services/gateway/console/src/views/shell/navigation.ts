import type { Route, View } from '../../router';
import { hasRight, mayInCrm } from '../../session';
import type { IconName } from '../../ui';

export interface Place {
  view: Exclude<View, 'login'>;
  icon: IconName;
  /** The counter of unread conversations that stands at it: a kind or a channel. */
  count?: { by: 'by_kind' | 'by_channel'; of: string };
  /** Who may open it; else everybody. */
  may?: () => boolean;
}

const readsSetup = () => hasRight('read_setup');

const PLACES: readonly Place[] = [
  { view: 'inbox', icon: 'inbox', count: { by: 'by_kind', of: 'message' } },
  { view: 'comments', icon: 'comment', count: { by: 'by_kind', of: 'comment' } },
  { view: 'posts', icon: 'post' },
  { view: 'live', icon: 'live', count: { by: 'by_kind', of: 'livestream' } },
  { view: 'zalo', icon: 'zalo', count: { by: 'by_channel', of: 'zalo' } },
  { view: 'livechat', icon: 'chat', count: { by: 'by_channel', of: 'livechat' } },
  { view: 'contacts', icon: 'people', may: () => mayInCrm('access') },
  { view: 'board', icon: 'board', may: readsSetup },
  { view: 'rules', icon: 'rules', may: readsSetup },
  { view: 'settings', icon: 'settings' },
];

/** The places that the viewer may open. */
export function places(): readonly Place[] {
  return PLACES.filter(({ may }) => may?.() ?? true);
}

/** Whether a view is there for the viewer, also by its address. */
export function mayOpen(view: Route['view']): boolean {
  return PLACES.find((place) => place.view === view)?.may?.() ?? true;
}
