import { useSignalEffect } from '@preact/signals';
import { useEffect, useMemo, useState } from 'preact/hooks';
import { StoreContext } from '../../live/context';
import { forgetDirectory, loadDirectory } from '../../live/directory';
import { openStore } from '../../live/open-store';
import { followPreferences, forgetPreferences, loadPreferences } from '../../preferences';
import { navigate, routeView } from '../../router';
import { type Me, resume, reviewRights, session } from '../../session';
import { t } from '../../texts';
import { Button, Skeleton, State } from '../../ui';
import { forgetToasts, Toasts } from '../../ui/notice';
import Login from '../login/view';
import { Shell } from './shell';
import { words } from './texts';

/** The stream ended with the login, or another tab's did: whether there is one is asked after. */
const AGAIN_MS = 1_000;

export function App() {
  return (
    <>
      <Inside />
      <Toasts />
    </>
  );
}

function Inside() {
  const now = session.value;
  switch (now.state) {
    case 'unknown':
      return <Skeleton />;
    case 'out':
      return <Login />;
    case 'in':
      return <LoggedIn key={`${now.me.organization}/${now.me.agent_id}`} me={now.me} />;
    case 'unreachable': {
      const again = <Button onClick={() => void resume()}>{t('retry')}</Button>;
      return (
        <State alert icon="warning" title={words('unreachable')} action={again}>
          {t('unreachable')}
        </State>
      );
    }
  }
}

function LoggedIn({ me }: { me: Me }) {
  const { organization, agent_id, name } = me;
  const [attempt, setAttempt] = useState(0);
  // biome-ignore lint/correctness/useExhaustiveDependencies: another attempt opens another one, another name must not
  const store = useMemo(
    () => openStore({ organization, agent_id, name }),
    [organization, agent_id, attempt],
  );
  useSignalEffect(() => {
    if (store.connection.value !== 'ended') return;
    setTimeout(async () => {
      await resume();
      setAttempt((last) => last + 1);
    }, AGAIN_MS);
  });
  useSignalEffect(() => {
    if (store.resets.value > 0) void reviewRights();
    void loadDirectory().catch(() => {});
  });
  useEffect(
    () => () => {
      const now = session.peek();
      store.close(now.state === 'out' && now.left);
    },
    [store],
  );
  useEffect(() => forgetViewer, []);
  useEffect(() => {
    let stop = () => {};
    void loadPreferences().then(
      () => {
        stop = followPreferences();
      },
      () => {},
    );
    return () => stop();
  }, []);
  useEffect(() => {
    if (routeView.peek() === 'login') navigate('/inbox', 'replace');
  }, []);
  return (
    <StoreContext.Provider value={store}>
      <Shell />
    </StoreContext.Provider>
  );
}

/** What stands in this tab's memory beside the store. */
function forgetViewer(): void {
  forgetDirectory();
  forgetPreferences();
  forgetToasts();
}
