import type { TargetedEvent } from 'preact';
import { useEffect, useState } from 'preact/hooks';
import { ApiProblem } from '../../api/client';
import { navigate, route } from '../../router';
import { login } from '../../session';
import { t } from '../../texts';
import { sayProblem } from '../../texts/problems';
import { Button, Notice, TextField } from '../../ui';
import { LanguageSwitch } from '../shell/language-switch';
import styles from './login.module.css';
import { beginOpenId, finishOpenId, hasOpenId } from './openid';
import { words } from './texts';

const KEPT = 'tuyen.organization';

export default function Login() {
  const [organization, setOrganization] = useState(localStorage.getItem(KEPT) ?? '');
  const [username, setUsername] = useState('');
  const [password, setPassword] = useState('');
  const [problem, setProblem] = useState<string | null>(null);
  const [busy, setBusy] = useState(false);

  const code = route.value.view === 'login' ? route.value.query.get('code') : null;
  const state = route.value.query.get('state');

  useEffect(() => {
    if (!code || !state) return;
    setBusy(true);
    finishOpenId(code, state)
      .then(() => navigate('/inbox', 'replace'))
      .catch((failure) => {
        navigate('/login', 'replace');
        const refused = failure instanceof ApiProblem && [401, 403, 422].includes(failure.status);
        setProblem(refused ? words('openIdRefused') : sayProblem(failure));
        setBusy(false);
      });
  }, [code, state]);

  const goToProvider = async () => {
    setBusy(true);
    setProblem(null);
    try {
      await beginOpenId();
    } catch (failure) {
      setProblem(sayProblem(failure));
      setBusy(false);
    }
  };

  const title = `${words('title')} – ${t('product')}`;
  useEffect(() => {
    document.title = title;
  }, [title]);

  const send = async (event: TargetedEvent<HTMLFormElement>) => {
    event.preventDefault();
    setBusy(true);
    setProblem(null);
    try {
      await login(organization.trim(), username.trim(), password);
      localStorage.setItem(KEPT, organization.trim());
      if (route.value.view === 'login') navigate('/inbox', 'replace');
    } catch (failure) {
      const wrong = failure instanceof ApiProblem && [401, 422].includes(failure.status);
      setProblem(wrong ? words('wrong') : sayProblem(failure));
      setBusy(false);
    }
  };

  return (
    <main class={styles.page}>
      <form class={styles.card} onSubmit={send} aria-label={words('title')}>
        <header class={styles.head}>
          <img src="/icon.svg" alt="" width={36} height={36} />
          <h1>{t('product')}</h1>
          <p>{words('lead')}</p>
        </header>
        <TextField
          label={words('organization')}
          name="organization"
          value={organization}
          onValue={setOrganization}
          autoComplete="organization"
          autoFocus={!organization}
          required
        />
        <TextField
          label={words('username')}
          name="username"
          value={username}
          onValue={setUsername}
          autoComplete="username"
          autoFocus={!!organization}
          spellcheck={false}
          required
        />
        <TextField
          label={words('password')}
          name="password"
          type="password"
          value={password}
          onValue={setPassword}
          autoComplete="current-password"
          required
        />
        {problem && <Notice tone="bad">{problem}</Notice>}
        <Button type="submit" kind="primary" busy={busy}>
          {words('submit')}
        </Button>
        {hasOpenId() && (
          <Button icon="lock" busy={busy} onClick={() => void goToProvider()}>
            {words('openId')}
          </Button>
        )}
        <footer class={styles.foot}>
          <LanguageSwitch wide />
        </footer>
      </form>
    </main>
  );
}
