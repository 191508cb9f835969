import { useEffect, useMemo, useState } from 'preact/hooks';

export interface Selection {
  readonly ids: ReadonlySet<string>;
  /** All that match the filter, those that are not loaded among them. */
  readonly all: boolean;
  toggle(id: string): void;
  add(ids: readonly string[]): void;
  selectAll(): void;
  clear(): void;
}

const NOBODY: ReadonlySet<string> = new Set();

/** Of the contacts of one filter: another `key` begins with none. */
export function useSelection(key: string): Selection {
  const [ids, setIds] = useState(NOBODY);
  const [all, setAll] = useState(false);
  // biome-ignore lint/correctness/useExhaustiveDependencies: another filter clears the selection
  useEffect(() => {
    setIds(NOBODY);
    setAll(false);
  }, [key]);
  return useMemo(
    () => ({
      ids,
      all,
      toggle: (id) =>
        setIds((before) => {
          const after = new Set(before);
          if (!after.delete(id)) after.add(id);
          return after;
        }),
      add: (more) => setIds((before) => new Set([...before, ...more])),
      selectAll: () => setAll(true),
      clear: () => {
        setIds(NOBODY);
        setAll(false);
      },
    }),
    [ids, all],
  );
}
