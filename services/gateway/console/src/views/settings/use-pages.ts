import { useEffect, useState } from 'preact/hooks';
import { useLoaded } from '../../ui';
import { type Item, readPage } from './routes';

/** A long list, one page after the other; another `path` begins anew. */
export function usePages(path: string) {
  const [more, setMore] = useState<readonly Item[]>([]);
  const [cursor, setCursor] = useState<string | null>(null);
  const [busy, setBusy] = useState(false);
  const loaded = useLoaded(() => readPage(path, null), path);
  const first = loaded.value;
  useEffect(() => {
    setMore([]);
    setCursor(first?.next ?? null);
  }, [first]);
  const loadMore = async () => {
    setBusy(true);
    try {
      const found = await readPage(path, cursor);
      setMore((before) => [...before, ...found.items]);
      setCursor(found.next ?? null);
    } finally {
      setBusy(false);
    }
  };
  return {
    loaded,
    items: [...(first?.items ?? []), ...more],
    loadMore: cursor === null ? null : loadMore,
    busy,
  };
}
