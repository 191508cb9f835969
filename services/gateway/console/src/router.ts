import { computed, signal } from '@preact/signals';

/** The views, and what stands for the id in each one's address. */
export const VIEWS = [
  'login',
  'inbox',
  'comments',
  'zalo',
  'livechat',
  'posts',
  'live',
  'contacts',
  'board',
  'rules',
  'settings',
  'welcome',
] as const;
export type View = (typeof VIEWS)[number];

export interface Route {
  view: View | 'missing';
  /** What follows the view in the address: an id, or a part as `pipeline` or `import`. */
  id: string | null;
  query: URLSearchParams;
}

const VIEW_NAMES: ReadonlySet<string> = new Set(VIEWS);

export function parse(address: string): Route {
  const url = new URL(address, 'http://localhost');
  const [view = '', id, ...rest] = url.pathname.split('/').slice(1);
  const query = url.searchParams;
  if (view === '' && id === undefined) return { view: 'inbox', id: null, query };
  const known = VIEW_NAMES.has(view) && rest.every((part) => part === '');
  if (!known) return { view: 'missing', id: null, query };
  return { view: view as View, id: id ? decode(id) : null, query };
}

function decode(part: string): string {
  try {
    return decodeURIComponent(part);
  } catch {
    return part;
  }
}

export function href(
  view: View,
  id: string | null = null,
  query: Readonly<Record<string, string | undefined>> = {},
): string {
  const given = Object.entries(query).filter((pair): pair is [string, string] => !!pair[1]);
  const search = new URLSearchParams(given).toString();
  return `/${view}${id === null ? '' : `/${encodeURIComponent(id)}`}${search && `?${search}`}`;
}

const address = signal(typeof location === 'undefined' ? '/' : location.pathname + location.search);

export const route = computed(() => parse(address.value));

/** A part of the route; whoever reads it is not drawn again when another part changes. */
export const routeView = computed(() => route.value.view);
export const routeId = computed(() => route.value.id);

export function navigate(to: string, how: 'push' | 'replace' = 'push'): void {
  if (to === location.pathname + location.search) return;
  history[how === 'push' ? 'pushState' : 'replaceState'](null, '', to);
  address.value = to;
}

/** Follows the browser's Back, and every plain click on a link of the console. */
export function startRouter(): void {
  addEventListener('popstate', () => {
    address.value = location.pathname + location.search;
  });
  document.addEventListener('click', (event) => {
    const link = event.target instanceof Element ? event.target.closest('a') : null;
    const plain = event.button === 0 && !event.metaKey && !event.ctrlKey && !event.shiftKey;
    if (!link || !plain || event.defaultPrevented) return;
    if (link.target || link.hasAttribute('download') || link.origin !== location.origin) return;
    if (parse(link.pathname).view === 'missing') return;
    event.preventDefault();
    navigate(link.pathname + link.search);
  });
}
