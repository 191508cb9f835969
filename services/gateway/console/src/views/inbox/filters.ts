import type { Filter } from '../../core/model';
import { href, type Route, type View } from '../../router';

/** The views that are lists of conversations, and what each one's list always contains. */
const BASES = {
  inbox: { kind: 'message' },
  comments: { kind: 'comment' },
  zalo: { channel: 'zalo' },
  livechat: { channel: 'livechat' },
} as const satisfies Partial<Record<View, Filter>>;

export type InboxView = keyof typeof BASES;

/** What the viewer chose, as the address has it. */
export interface Chosen {
  state?: 'unread';
  assignee?: string;
  page?: string;
  channel?: string;
  tag?: string;
  q?: string;
  done?: 'true';
}

const NAMES = ['state', 'assignee', 'page', 'channel', 'tag', 'q', 'done'] as const;

export function inboxView(route: Pick<Route, 'view'>): InboxView {
  return route.view in BASES ? (route.view as InboxView) : 'inbox';
}

export function readChosen(query: URLSearchParams): Chosen {
  const chosen: Record<string, string> = {};
  for (const name of NAMES) {
    const value = query.get(name);
    if (value) chosen[name] = value;
  }
  if (chosen.state !== 'unread') delete chosen.state;
  if (chosen.done !== 'true') delete chosen.done;
  return chosen as Chosen;
}

/** The filter of a list. Those that are done are left out, but where somebody looks for a name. */
export function toFilter(view: InboxView, chosen: Chosen): Filter {
  const { done, q, ...rest } = chosen;
  const name = q?.trim();
  return {
    ...rest,
    ...BASES[view],
    ...(name && { q: name }),
    ...(done ? { done: true } : !name && { done: false }),
  };
}

export function isFiltered(chosen: Chosen): boolean {
  return NAMES.some((name) => chosen[name] !== undefined);
}

export function address(view: InboxView, id: string | null, chosen: Chosen): string {
  return href(view, id, { ...chosen });
}

/** The filter that a saved view keeps: its list's, and what was chosen. */
export function toSaved(view: InboxView, chosen: Chosen): Filter {
  const { done, ...rest } = chosen;
  return { ...rest, ...BASES[view], ...(done && { done: true }) };
}

export function readSaved(filter: Readonly<Record<string, unknown>>): {
  view: InboxView;
  chosen: Chosen;
} {
  const given = new URLSearchParams();
  for (const name of NAMES) {
    if (filter[name] !== undefined && filter[name] !== null) given.set(name, String(filter[name]));
  }
  const chosen = readChosen(given);
  const view = viewOf(filter);
  if (view === 'zalo' || view === 'livechat') delete chosen.channel;
  return { view, chosen };
}

function viewOf({ kind, channel }: Readonly<Record<string, unknown>>): InboxView {
  if (kind === 'comment') return 'comments';
  const byChannel = kind === undefined || kind === null;
  return byChannel && (channel === 'zalo' || channel === 'livechat') ? channel : 'inbox';
}

/** The id beside `id`; if `id` has left the list, beside the place at which it was. */
export function neighbour(
  ids: readonly string[],
  id: string | null,
  step: 1 | -1,
  was: number | null = null,
): string | null {
  const at = id === null ? -1 : ids.indexOf(id);
  if (at >= 0) return ids[at + step] ?? null;
  if (was === null) return ids[0] ?? null;
  return ids[step === 1 ? was : was - 1] ?? ids.at(-1) ?? null;
}
