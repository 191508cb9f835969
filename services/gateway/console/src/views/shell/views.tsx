import type { ComponentType } from 'preact';
import { useEffect, useState } from 'preact/hooks';
import { routeView, type View } from '../../router';
import { t } from '../../texts';
import { Failed, NotFound, Skeleton } from '../../ui';
import Inbox from '../inbox/view';
import { mayOpen } from './navigation';

/** Every view is the default export of its `view.tsx`, and is loaded when it is opened first; the
 * inbox comes with the console. */
const found = import.meta.glob<{ default: ComponentType }>([
  '../*/view.tsx',
  '!../inbox/view.tsx',
  '!../login/view.tsx',
]);
const INBOXES: ReadonlySet<View | 'missing'> = new Set(['inbox', 'comments', 'zalo', 'livechat']);
const loaded = new Map<string, ComponentType>();

/** The view of the address. */
export function Views() {
  const view = routeView.value;
  if (INBOXES.has(view)) return <Inbox />;
  if (!mayOpen(view)) return <NotFound />;
  const load = found[`../${view}/view.tsx`];
  return load ? <Lazy key={view} name={view} load={load} /> : <NotFound />;
}

interface LazyProps {
  name: string;
  load: () => Promise<{ default: ComponentType }>;
}

function Lazy({ name, load }: LazyProps) {
  const [attempt, setAttempt] = useState(0);
  const [failed, setFailed] = useState(-1);
  const [, setLoaded] = useState(loaded.has(name));
  // biome-ignore lint/correctness/useExhaustiveDependencies: another attempt loads again
  useEffect(() => {
    if (loaded.has(name)) return;
    load().then(
      (module) => {
        loaded.set(name, module.default);
        setLoaded(true);
      },
      () => setFailed(attempt),
    );
  }, [name, attempt]);
  const View = loaded.get(name);
  if (View) return <View />;
  if (failed === attempt) {
    return <Failed text={t('unreachable')} onRetry={() => setAttempt(attempt + 1)} />;
  }
  return <Skeleton />;
}
