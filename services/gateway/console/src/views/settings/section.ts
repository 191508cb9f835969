import type { ComponentType } from 'preact';
import type { FormField, Tone, Values } from '../../ui';
import { type Item, readItems } from './routes';
import type { Word } from './texts';

/** Lists of which other sections choose. */
export const LISTS = {
  agents: '/v1/agents',
  pages: '/v1/pages',
  departments: '/v1/departments',
  groups: '/v1/groups',
  campaigns: '/v1/campaigns',
  integrations: '/v1/integrations',
  warehouses: '/v1/warehouses',
} as const;
export type ListName = keyof typeof LISTS | 'regions';
export type Lists = Readonly<Record<ListName, readonly Item[]>>;

export interface ColumnOf {
  title: Word;
  text: (item: Item, lists: Lists) => string;
  /** What should not be overlooked stands out. */
  tone?: (item: Item) => Tone | null;
}

export interface HeadProps {
  items: readonly Item[];
  /** Reads the list again, of a view that has seen this version. */
  onChanged: (version?: string | null) => Promise<void>;
}

export interface ExtraProps {
  item: Item;
  /** Reads the list again. */
  onChanged: () => Promise<void>;
}

/** A list of things that are set up alike: how it is read, shown, and written. */
export interface Section {
  key: string;
  title: Word;
  /** What it is for, as a sentence. */
  lead: Word;
  path: string;
  /** Who may change it; who may not reads it. */
  write: 'manage' | 'curate';
  /** Its list takes `after`, its routes take no `If-Match`. */
  ofDirectory?: boolean;
  needs?: readonly ListName[];
  columns: readonly ColumnOf[];
  fields: (lists: Lists, item: Item | null) => readonly FormField[];
  blank: Values;
  toBody?: (values: Values) => Values;
  toValues?: (item: Item) => Values;
  /** Others are put at an id. */
  method?: 'POST';
  /** Where one is, if not below `path` by its id. */
  addressOf?: (id: string, values: Values) => string;
  load?: (after: string | null) => Promise<Item[]>;
  /** Removing it does this. */
  removal: Word;
  canRemove?: (item: Item) => boolean;
  /** A name for it, where it has none. */
  nameOf?: (item: Item) => string;
  /** Above the list. */
  Head?: ComponentType<HeadProps>;
  /** Above the form of one: what is the matter with it. */
  Notice?: ComponentType<{ item: Item }>;
  /** Below the form of one. */
  Extra?: ComponentType<ExtraProps>;
}

export function addressOf(section: Section, id: string, values: Values): string {
  return section.addressOf?.(id, values) ?? `${section.path}/${encodeURIComponent(id)}`;
}

export function nameOf(section: Section, item: Item): string {
  return section.nameOf?.(item) ?? String(item.name ?? item.id);
}

/** The body of what a form holds: its fields alone, and null where nothing was written. */
export function bodyOf(section: Section, fields: readonly FormField[], values: Values): Values {
  const names = new Set(fields.map(({ name }) => name.split('.')[0] ?? name));
  const body: Record<string, unknown> = {};
  for (const name of names) body[name] = clean(values[name]);
  return section.toBody?.(body) ?? body;
}

function clean(value: unknown): unknown {
  if (typeof value === 'string') return value.trim() || null;
  if (!Array.isArray(value)) return value ?? null;
  return value
    .map((one) => (typeof one === 'string' ? one.trim() : one))
    .filter((one) => one !== '');
}

export async function readRegions(after: string | null = null): Promise<Item[]> {
  const departments = await readItems(LISTS.departments);
  const found = await Promise.all(
    departments.map(({ id }) => readItems(`${LISTS.departments}/${id}/regions`, after)),
  );
  return found.flat();
}

export async function readLists(needs: readonly ListName[]): Promise<Lists> {
  const lists: Record<ListName, readonly Item[]> = {
    agents: [],
    pages: [],
    departments: [],
    groups: [],
    campaigns: [],
    integrations: [],
    warehouses: [],
    regions: [],
  };
  await Promise.all(
    needs.map(async (name) => {
      lists[name] = name === 'regions' ? await readRegions() : await readItems(LISTS[name]);
    }),
  );
  return lists;
}

export function choicesOf(items: readonly Item[]): { value: string; text: string }[] {
  return items.map(({ id, name }) => ({ value: id, text: String(name ?? id) }));
}

export function namesOf(ids: unknown, items: readonly Item[]): string {
  if (!Array.isArray(ids)) return '';
  const names = new Map(items.map(({ id, name }) => [id, String(name ?? id)]));
  return ids.map((id) => names.get(String(id)) ?? String(id)).join(', ');
}
