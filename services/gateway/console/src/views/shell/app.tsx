import { useEffect, useMemo } from 'preact/hooks';
import { StoreContext } from '../../live/context';
import { openStore } from '../../live/open-store';
import { followPreferences, loadPreferences } from '../../preferences';
import { navigate, routeView } from '../../router';
import { type Me, resume, session } from '../../session';
import { t } from '../../texts';
import { Button, Skeleton, State } from '../../ui';
import { Toasts } from '../../ui/notice';
import Login from '../login/view';
import { Shell } from './shell';
import { words } from './texts';

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
  const store = useMemo(
    () => openStore({ organization, agent_id, name }),
    [organization, agent_id, name],
  );
  useEffect(() => () => store.close(session.peek().state === 'out'), [store]);
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
