import { useState } from 'preact/hooks';

interface Kept {
  id: string;
  version: number;
}

export interface OwnChanges<T> {
  readonly items: readonly T[];
  /** Shows an item as an answer has it. */
  put(item: T): void;
  drop(id: string): void;
}

/** What is listed, with what the viewer changed: the gateway may list that a moment later. */
export function useOwnChanges<T extends Kept>(listed: readonly T[] = []): OwnChanges<T> {
  const [own, setOwn] = useState<ReadonlyMap<string, T | null>>(new Map());
  const note = (id: string, item: T | null) => setOwn((before) => new Map(before).set(id, item));
  return {
    items: overlay(listed, own),
    put: (item) => note(item.id, item),
    drop: (id) => note(id, null),
  };
}

/** New ones come first, the last one before all. */
export function overlay<T extends Kept>(
  listed: readonly T[],
  own: ReadonlyMap<string, T | null>,
): readonly T[] {
  const known = new Set(listed.map(({ id }) => id));
  const added = [...own.values()].filter((one) => one !== null && !known.has(one.id)).reverse();
  const shown = listed.map((one) => {
    const mine = own.get(one.id);
    return mine === undefined || (mine && mine.version < one.version) ? one : mine;
  });
  return [...added, ...shown].filter((one) => one !== null);
}
