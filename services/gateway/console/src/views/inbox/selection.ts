import { useEffect, useMemo, useState } from 'preact/hooks';
import type { ListWindow } from '../../live/store';

export interface Selection {
  readonly ids: ReadonlySet<string>;
  /** Everything that matches the filter, whether it was loaded or not. */
  readonly all: boolean;
  toggle(id: string): void;
  /** From the one that was toggled last to this one. */
  extend(id: string): void;
  selectAll(): void;
  clear(): void;
}

/** The rows that are selected for a change of many. The list stays as it is meanwhile. */
export function useSelection(list: ListWindow | null): Selection {
  const [ids, setIds] = useState<ReadonlySet<string>>(new Set());
  const [all, setAll] = useState(false);
  const [last, setLast] = useState<string | null>(null);
  const any = all || ids.size > 0;

  // biome-ignore lint/correctness/useExhaustiveDependencies: another list has another selection
  useEffect(() => {
    setIds(new Set());
    setAll(false);
  }, [list]);

  useEffect(() => {
    if (!any || !list) return;
    list.hold('selection');
    return () => list.release('selection');
  }, [any, list]);

  return useMemo(
    () => ({
      ids,
      all,
      toggle(id) {
        const next = new Set(ids);
        if (!next.delete(id)) next.add(id);
        setIds(next);
        setAll(false);
        setLast(id);
      },
      extend(id) {
        const order = list?.ids.peek() ?? [];
        const [from, to] = [order.indexOf(last ?? id), order.indexOf(id)].sort((a, b) => a - b);
        setIds(new Set([...ids, ...order.slice(from, (to ?? 0) + 1)]));
        setLast(id);
      },
      selectAll: () => setAll(true),
      clear() {
        setIds(new Set());
        setAll(false);
      },
    }),
    [ids, all, last, list],
  );
}
