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
import { words } from './texts';

const KEPT = 'tuyen.organization';

export default function Login() {
  const [organization, setOrganization] = useState(localStorage.getItem(KEPT) ?? '');
  const [username, setUsername] = useState('');
  const [password, setPassword] = useState('');
  const [problem, setProblem] = useState<string | null>(null);
  const [busy, setBusy] = useState(false);

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
        <footer class={styles.foot}>
          <LanguageSwitch wide />
        </footer>
      </form>
    </main>
  );
}
