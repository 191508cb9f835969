import { useSignalEffect } from '@preact/signals';
import { useEffect, useRef, useState } from 'preact/hooks';
import { api, type Schema, take } from '../../api/client';
import { useStore } from '../../live/context';
import { agentName, type Page } from '../../live/directory';
import { formatDateTime } from '../../texts';
import { sayProblem } from '../../texts/problems';
import { Failed, join, SelectField, Skeleton, State, useLoaded } from '../../ui';
import type { Rule } from './coverage';
import styles from './rules.module.css';
import { sayExcluded, words } from './texts';

const AGAIN_MS = 60_000;
const SOON_MS = 1_000;
const KINDS = ['message', 'comment'] as const;

type Kind = (typeof KINDS)[number];
type Next = Schema<'NextAssigneeView'>;

interface NextRegionProps {
  rules: readonly Rule[];
  settings: Schema<'SettingsView'>;
  pages: readonly Page[];
  /** The version of the last change that was made here, if there was one. */
  seen: number | undefined;
  preferred: string | null | undefined;
}

/** Who would get a new customer of a page. */
export function NextRegion({ rules, settings, pages, seen, preferred }: NextRegionProps) {
  const [chosen, setChosen] = useState<string | null>(null);
  const [kind, setKind] = useState<Kind>('message');
  const page =
    pages.find(({ id }) => id === (chosen ?? preferred)) ??
    pages.find(({ status }) => status === 'active') ??
    pages[0];
  return (
    <section class={styles.next} aria-label={words('next')}>
      <h2>{words('next')}</h2>
      {!page && (
        <State icon="flag" title={words('noPages')}>
          {words('noPagesHint')}
        </State>
      )}
      {page && (
        <>
          <SelectField
            label={words('onPage')}
            value={page.id}
            choices={pages.map(({ id, name }) => ({ value: id, text: name }))}
            onValue={setChosen}
          />
          {page.channel === 'facebook' && (
            <SelectField
              label={words('whatKind')}
              value={kind}
              choices={KINDS.map((value) => ({ value, text: words(value) }))}
              onValue={(value) => setKind(value as Kind)}
            />
          )}
          <Answer
            page_id={page.id}
            kind={page.channel === 'facebook' ? kind : 'message'}
            seen={seen}
            rules={rules}
            waits={settings.when_nobody === 'queue'}
          />
        </>
      )}
    </section>
  );
}

interface AnswerProps {
  page_id: string;
  kind: Kind;
  seen: number | undefined;
  rules: readonly Rule[];
  /** Whether a customer for whom there is nobody waits. */
  waits: boolean;
}

function Answer({ page_id, kind, seen, rules, waits }: AnswerProps) {
  const store = useStore();
  const { reload, ...loaded } = useLoaded(() => {
    const params = { path: { page_id }, query: { kind, after: seen } };
    return take(api.GET('/v1/pages/{page_id}/next-assignee', { params }));
  }, `${page_id} ${kind}`);
  // A change of the rules keeps what is shown until the new answer is there.
  // biome-ignore lint/correctness/useExhaustiveDependencies: `rules` says that they were read again
  useEffect(() => void reload(), [rules, reload]);
  useEffect(() => {
    const timer = setInterval(() => !document.hidden && void reload(), AGAIN_MS);
    return () => clearInterval(timer);
  }, [reload]);
  // Somebody came or left, or a conversation changed: another one may be next.
  const soon = useRef<ReturnType<typeof setTimeout> | null>(null);
  useSignalEffect(() => {
    if (!store.counts.value || !store.presence.value || soon.current !== null) return;
    soon.current = setTimeout(() => {
      soon.current = null;
      if (!document.hidden) void reload();
    }, SOON_MS);
  });
  useEffect(() => () => clearTimeout(soon.current ?? undefined), []);
  if (loaded.state === 'loading') return <Skeleton rows={3} />;
  if (loaded.state === 'failed') {
    return <Failed text={sayProblem(loaded.problem)} onRetry={() => void reload()} />;
  }
  const next = loaded.value;
  const rule = rules.find(({ id }) => id === next.rule_id);
  const draws = next.reason === 'random';
  return (
    <>
      <p role="status" class={styles.answer}>
        {sentenceOf(next, waits)}
      </p>
      {rule && <p class={styles.soft}>{words('byRule', rule.name)}</p>}
      {rule && !draws && (
        <p class={styles.soft}>
          {next.last
            ? words('lastChoice', agentName(next.last.agent_id), formatDateTime(next.last.at))
            : words('noLastChoice')}
        </p>
      )}
      <ol class={styles.pool} aria-label={words('order')}>
        {next.candidates.map((agent) => (
          <li
            key={agent}
            class={styles.standing}
            aria-current={agent === next.agent_id ? 'true' : undefined}
          >
            <span>{agentName(agent)}</span>
            <span class={styles.soft}>{words('can')}</span>
          </li>
        ))}
        {next.excluded.map(({ agent_id, reason }) => (
          <li key={agent_id} class={join(styles.standing, styles.out)}>
            <span>{agentName(agent_id)}</span>
            <span class={styles.soft}>{sayExcluded(reason)}</span>
          </li>
        ))}
      </ol>
      <p class={styles.soft}>{words('honest')}</p>
    </>
  );
}

function sentenceOf({ agent_id, reason, candidates }: Next, waits: boolean): string {
  if (agent_id !== null) return words('nextIs', agentName(agent_id));
  if (reason === 'random') return words('nextRandom', candidates.length);
  if (reason === 'off') return words('nextAutoOff');
  if (reason === 'no_rule') return words('nextNoRule');
  return `${words('nextNobody')} ${words(waits ? 'nextQueue' : 'nextUnassigned')}`;
}
