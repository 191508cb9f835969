import { useCallback, useEffect, useRef, useState } from 'preact/hooks';
import { api, take } from '../../api/client';
import type { paths } from '../../api/schema';
import { me } from '../../session';
import type { Chosen } from './filter';
import { type Row, type Setup, useSetup } from './setup';

type Query = NonNullable<paths['/v1/contacts']['get']['parameters']['query']>;

const LIMIT = 100;

export interface Rows {
  readonly rows: readonly Row[];
  readonly state: 'loading' | 'ready' | 'failed';
  readonly problem: unknown;
  readonly more: boolean;
  loadMore(): void;
  reload(): void;
  replace(row: Row): void;
}

interface Read {
  rows: readonly Row[];
  next: string | null;
  state: Rows['state'];
  problem: unknown;
}

const NOTHING: Read = { rows: [], next: null, state: 'loading', problem: null };

export async function readContacts(chosen: Chosen, cursor?: string, limit = LIMIT) {
  const query = { sort: 'updated_at', ...chosen, limit, cursor } as Query;
  return await take(api.GET('/v1/contacts', { params: { query } }));
}

/** What the table is sorted by if nothing else was chosen. By times the gateway lists none that the
 * viewer may claim: their places would show what is hidden (W3). */
export function usualSort({ warehouses }: Setup): 'name' | 'updated_at' {
  const id = me.value?.agent_id ?? '';
  return warehouses.some(({ members }) => members.includes(id)) ? 'name' : 'updated_at';
}

/** The contacts that match, page after page as they are scrolled to. */
export function useRows(chosen: Chosen): Rows {
  const key = JSON.stringify({ sort: usualSort(useSetup()), ...chosen });
  const [read, setRead] = useState<Read>(NOTHING);
  const turn = useRef(0);
  const isReading = useRef(false);

  const load = useCallback(
    async (before: readonly Row[], cursor?: string) => {
      turn.current += 1;
      const mine = turn.current;
      isReading.current = true;
      try {
        const { items, next } = await readContacts(JSON.parse(key) as Chosen, cursor);
        if (mine !== turn.current) return;
        const known = new Set(before.map(({ id }) => id));
        const rows = [...before, ...items.filter(({ id }) => !known.has(id))];
        setRead({ rows, next, state: 'ready', problem: null });
      } catch (problem) {
        if (mine === turn.current) setRead({ ...NOTHING, rows: before, state: 'failed', problem });
      } finally {
        if (mine === turn.current) isReading.current = false;
      }
    },
    [key],
  );

  useEffect(() => {
    setRead(NOTHING);
    void load([]);
    return () => {
      turn.current += 1;
    };
  }, [load]);

  const { rows, next, state, problem } = read;
  return {
    rows,
    state,
    problem,
    more: next !== null,
    loadMore: useCallback(() => {
      if (next && !isReading.current) void load(rows, next);
    }, [load, rows, next]),
    reload: useCallback(() => void load([]), [load]),
    replace: useCallback(
      (row) =>
        setRead((now) => ({
          ...now,
          rows: now.rows.map((one) => (one.id === row.id ? row : one)),
        })),
      [],
    ),
  };
}
