import type { Schema } from '../../api/client';
import { href } from '../../router';

/** What the table shows, as the address has it: filters by their names at the gateway, and `sort`. */
export type Chosen = Readonly<Record<string, string>>;
type Field = Pick<Schema<'ContactFieldView'>, 'id' | 'type'>;

const NAMES: ReadonlySet<string> = new Set([
  'q',
  'tag',
  'warehouse',
  'assignee',
  'step',
  'campaign',
  'care_status',
  'sort',
]);
const CUSTOM = 'custom.';

export function readChosen(query: URLSearchParams): Chosen {
  const known = [...query].filter(
    ([name, value]) => value && (NAMES.has(name) || name.startsWith(CUSTOM)),
  );
  return Object.fromEntries(known);
}

/** With some changed; an empty value takes a filter away. */
export function choose(chosen: Chosen, changes: Readonly<Record<string, string>>): Chosen {
  return Object.fromEntries(Object.entries({ ...chosen, ...changes }).filter(([, value]) => value));
}

export function isFiltered(chosen: Chosen): boolean {
  return Object.keys(chosen).some((name) => name !== 'sort');
}

export function address(id: string | null, chosen: Chosen): string {
  return href('contacts', id, chosen);
}

/** The same filters as a bulk change and an export take them: custom values by their types. */
export function toSelection(
  chosen: Chosen,
  fields: readonly Field[],
): Schema<'ContactSelectionIn'> {
  const types = new Map(fields.map(({ id, type }) => [id, type]));
  const plain: Record<string, string> = {};
  const custom: Record<string, string | number | boolean> = {};
  for (const [name, value] of Object.entries(chosen)) {
    const id = name.slice(CUSTOM.length);
    if (name.startsWith(CUSTOM)) custom[id] = typed(value, types.get(id));
    else if (name !== 'sort') plain[name] = value.trim();
  }
  return { ...plain, ...(Object.keys(custom).length > 0 && { custom }) };
}

function typed(value: string, type: Field['type'] | undefined): string | number | boolean {
  if (type === 'number') return Number(value);
  return type === 'yes_no' ? value === 'true' : value;
}
