import { useEffect, useState } from 'preact/hooks';
import { newId } from '../../api/new-id';
import { loadDirectory } from '../../live/directory';
import { href, navigate, route } from '../../router';
import { sayProblem } from '../../texts/problems';
import { Button, Dialog, Notice, State, toast } from '../../ui';
import { type Item, write } from './routes';
import type { HeadProps } from './section';
import styles from './settings.module.css';
import { words } from './texts';

const BEGUN = 'tuyen.connecting';

interface Account {
  external_id: string;
  name: string;
}

interface Found {
  state: string;
  channel: string;
  accounts: readonly Account[];
}

/** Sends the browser to the channel's login, from which it comes back to the pages. */
export async function beginLogin(channel: string): Promise<void> {
  const redirect_uri = location.origin + href('settings', 'pages');
  const { answer } = await write('POST', `/v1/pages/connect/${channel}`, { redirect_uri });
  sessionStorage.setItem(BEGUN, channel);
  location.assign(String(answer.authorize_url));
}

/** What is kept of a page that is connected again. */
function keptOf({ name, staff, status, automatic_apps = [] }: Item) {
  return { name, staff, status, automatic_apps };
}

/** Connects pages by logging in at their channel: there and back, then one picks (P1). */
export function PageConnect({ items, onChanged }: HeadProps) {
  const [busy, setBusy] = useState(false);
  const [problem, setProblem] = useState<string | null>(null);
  const [found, setFound] = useState<Found | null>(null);
  const code = route.value.query.get('code');
  const state = route.value.query.get('state');
  const refused = route.value.query.has('error');

  useEffect(() => {
    if (!refused) return;
    sessionStorage.removeItem(BEGUN);
    navigate(href('settings', 'pages'), 'replace');
    setProblem(words('loginRefused'));
  }, [refused]);

  useEffect(() => {
    if (!code || !state) return;
    const channel = sessionStorage.getItem(BEGUN) ?? 'facebook';
    sessionStorage.removeItem(BEGUN);
    navigate(href('settings', 'pages'), 'replace');
    setBusy(true);
    write('POST', `/v1/pages/connect/${channel}/callback`, { code, state })
      .then(({ answer }) =>
        setFound({ state, channel, accounts: answer.accounts as readonly Account[] }),
      )
      .catch((failure) => setProblem(sayProblem(failure)))
      .finally(() => setBusy(false));
  }, [code, state]);

  const begin = async (channel: string) => {
    setBusy(true);
    setProblem(null);
    try {
      await beginLogin(channel);
    } catch (failure) {
      setProblem(sayProblem(failure));
      setBusy(false);
    }
  };
  const known = ({ external_id }: Account) =>
    items.find((page) => page.channel === found?.channel && page.external_id === external_id);
  const pick = async (account: Account) => {
    if (!found) return;
    const page = known(account);
    const body = {
      ...account,
      ...(page && keptOf(page)),
      channel: found.channel,
      connection: found.state,
    };
    const id = page?.id ?? newId();
    try {
      const { version } = await write('PUT', `/v1/pages/${encodeURIComponent(id)}`, body);
      toast(words('pageConnected', account.name));
      setFound({ ...found, accounts: found.accounts.filter((one) => one !== account) });
      await onChanged(version);
      await loadDirectory();
    } catch (failure) {
      toast(sayProblem(failure), 'bad');
    }
  };

  return (
    <>
      <div class={styles.row}>
        <Button icon="link" busy={busy} onClick={() => void begin('facebook')}>
          {words('loginFacebook')}
        </Button>
        <Button icon="zalo" busy={busy} onClick={() => void begin('zalo')}>
          {words('loginZalo')}
        </Button>
      </div>
      {problem && <Notice tone="bad">{problem}</Notice>}
      {found && (
        <Dialog title={words('pickPages')} onClose={() => setFound(null)}>
          {found.accounts.length === 0 && (
            <State icon="check" title={words('noMorePages')}>
              {words('noMorePagesHint')}
            </State>
          )}
          <ul class={styles.stack}>
            {found.accounts.map((account) => (
              <li key={account.external_id} class={styles.head}>
                <span>{account.name}</span>
                <Button kind="primary" onClick={() => void pick(account)}>
                  {words(known(account) ? 'connectAgain' : 'connect')}
                </Button>
              </li>
            ))}
          </ul>
        </Dialog>
      )}
    </>
  );
}
