import { useCallback, useEffect, useRef, useState } from 'preact/hooks';

export type Loaded<T> =
  | { state: 'loading'; value?: undefined; problem?: undefined }
  | { state: 'ready'; value: T; problem?: undefined }
  | { state: 'failed'; value?: undefined; problem: unknown };

/** What `load` gives, loaded anew whenever `key` changes; an answer that was overtaken is dropped.
 * `reload` keeps what is shown until the new answer is there. */
export function useLoaded<T>(
  load: () => Promise<T>,
  key: unknown = '',
): Loaded<T> & {
  reload: () => Promise<void>;
} {
  const [loaded, setLoaded] = useState<Loaded<T>>({ state: 'loading' });
  const turn = useRef(0);
  const latest = useRef(load);
  latest.current = load;

  const reload = useCallback(async () => {
    turn.current += 1;
    const mine = turn.current;
    let next: Loaded<T>;
    try {
      next = { state: 'ready', value: await latest.current() };
    } catch (problem) {
      next = { state: 'failed', problem };
    }
    if (mine === turn.current) setLoaded(next);
  }, []);

  // biome-ignore lint/correctness/useExhaustiveDependencies: `key` says that something else is loaded
  useEffect(() => {
    setLoaded({ state: 'loading' });
    void reload();
    return () => {
      turn.current += 1;
    };
  }, [key, reload]);

  return { ...loaded, reload };
}
