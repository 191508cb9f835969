import type { ComponentChildren } from 'preact';
import { useEffect, useState } from 'preact/hooks';
import { api } from '../../api/client';
import { newId } from '../../api/new-id';
import { useStore } from '../../live/context';
import { href, navigate } from '../../router';
import { hasRight } from '../../session';
import { sayProblem } from '../../texts/problems';
import { Button, Failed, Icon, Notice, Skeleton, State, toast, useLoaded } from '../../ui';
import { findDoubles, type Progress, readProgress, windowOf } from './progress';
import { words } from './texts';
import styles from './welcome.module.css';

const AGAIN_MS = 4_000;

/** From nothing to the first answered customer. */
export default function Welcome() {
  if (!hasRight('manage')) {
    return (
      <State
        icon="flag"
        title={words('title')}
        action={
          <Button kind="primary" onClick={() => navigate(href('inbox'))}>
            {words('answerDo')}
          </Button>
        }
      >
        {words('forAdmins')}
      </State>
    );
  }
  return <Steps />;
}

function Steps() {
  const counts = useStore().counts.value;
  const { state, value, problem, reload } = useLoaded(readProgress);
  const seen = `${counts?.total} ${counts?.unread}`;
  // biome-ignore lint/correctness/useExhaustiveDependencies: what arrives changes how far it is
  useEffect(() => {
    const timer = setInterval(() => document.hidden || void reload(), AGAIN_MS);
    if (counts) void reload();
    return () => clearInterval(timer);
  }, [seen, reload]);
  if (state === 'loading') return <Skeleton />;
  if (state === 'failed') {
    return <Failed text={sayProblem(problem)} onRetry={() => void reload()} />;
  }
  const { pages, agents, isAssigned, hasWritten, isAnswered } = value;
  const done = [pages.length > 0, agents > 0, isAssigned, hasWritten, isAnswered];
  const count = done.filter(Boolean).length;
  return (
    <div class={styles.page}>
      <header>
        <h1>{words('title')}</h1>
        <p class={styles.lead}>{words('lead')}</p>
        <p role="status">{words('progress', count, done.length)}</p>
      </header>
      {count === done.length && (
        <Notice tone="good">
          <strong>{words('ready')}</strong> {words('readyHint')}
        </Notice>
      )}
      <ol class={styles.steps}>
        <Step
          title={words('page')}
          hint={words('pageHint')}
          done={pages.length > 0 && words('pageDone', pages.length)}
        >
          <Button kind="primary" icon="link" onClick={() => navigate(href('settings', 'pages'))}>
            {words('pageDo')}
          </Button>
        </Step>
        <Step
          title={words('staff')}
          hint={words('staffHint')}
          done={agents > 0 && words('staffDone', agents)}
        >
          <Button
            kind="primary"
            icon="people"
            onClick={() => navigate(href('settings', 'staff', { new: '1' }))}
          >
            {words('staffDo')}
          </Button>
        </Step>
        <Step title={words('rule')} hint={words('ruleHint')} done={isAssigned && words('ruleDone')}>
          <OneRule onDone={reload} />
        </Step>
        <Step
          title={words('write')}
          hint={words('writeHint')}
          done={hasWritten && words('writeDone')}
        >
          <WriteAsCustomer pages={pages} />
        </Step>
        <Step
          title={words('answer')}
          hint={words('answerHint')}
          done={isAnswered && words('answerDone')}
        >
          <Button kind="primary" icon="inbox" onClick={() => navigate(href('inbox'))}>
            {words('answerDo')}
          </Button>
        </Step>
      </ol>
    </div>
  );
}

interface StepProps {
  title: string;
  hint: string;
  /** What is there already. */
  done: string | false;
  children: ComponentChildren;
}

function Step({ title, hint, done, children }: StepProps) {
  return (
    <li class={styles.step} data-done={done !== false}>
      <h2>
        {title}
        {done !== false && (
          <span class={styles.done}>
            <Icon name="check" size={16} /> {words('done')}
          </span>
        )}
      </h2>
      <p>{done || hint}</p>
      {done === false && <div class={styles.actions}>{children}</div>}
    </li>
  );
}

/** Turns assignment on, with a default rule if there is none that is enabled. */
function OneRule({ onDone }: { onDone: () => Promise<void> }) {
  const [busy, setBusy] = useState(false);
  const make = async () => {
    setBusy(true);
    try {
      const { data } = await api.GET('/v1/rules', { params: { query: { limit: 200 } } });
      if (!data?.items.some(({ enabled }) => enabled)) {
        await api.PUT('/v1/rules/{rule_id}', {
          params: { path: { rule_id: newId() } },
          body: {
            name: words('ruleName'),
            enabled: true,
            mode: 'sequential',
            applies_to: 'online',
            pages: null,
            members: [],
          },
        });
      }
      await api.PUT('/v1/settings', { body: { assignment: true, auto_assign: true } });
      await onDone();
    } catch (problem) {
      toast(sayProblem(problem), 'bad');
    } finally {
      setBusy(false);
    }
  };
  return (
    <>
      <Button kind="primary" icon="rules" busy={busy} onClick={() => void make()}>
        {words('ruleDo')}
      </Button>
      <Button onClick={() => navigate(href('rules'))}>{words('ruleMore')}</Button>
    </>
  );
}

/** Where the doubles stand for the channels, whoever tries it is the customer. */
function WriteAsCustomer({ pages }: { pages: Progress['pages'] }) {
  const { state, value, problem, reload } = useLoaded(findDoubles);
  const page = pages.find(({ channel }) => channel !== 'livechat') ?? pages[0];
  if (!page) return <p>{words('writeFirst')}</p>;
  if (state === 'loading') return <Skeleton rows={1} height={32} />;
  if (state === 'failed') {
    return <Failed text={sayProblem(problem)} onRetry={() => void reload()} />;
  }
  if (value === null) return <Notice>{words('writeReal', page.name)}</Notice>;
  return (
    <>
      <p>{words('writeDoubles', page.name)}</p>
      <a class={styles.open} href={windowOf(value, page)} target="_blank" rel="noreferrer">
        <Icon name="chat" size={16} /> {words('writeDo')}
      </a>
    </>
  );
}
