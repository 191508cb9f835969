import { useSignalEffect } from '@preact/signals';
import { useEffect, useRef, useState } from 'preact/hooks';
import { api, type Schema, take } from '../../api/client';
import { useStore } from '../../live/context';
import { agentName, agents, type Page } from '../../live/directory';
import { formatDateTime } from '../../texts';
import { sayProblem } from '../../texts/problems';
import { Failed, join, SelectField, Skeleton, State, useLoaded } from '../../ui';
import { poolOf, type Rule, ruleOf } from './coverage';
import { lastChoice } from './last-choice';
import { after, capabilityOf, type Excluded, leastLoaded, standings } from './next';
import styles from './rules.module.css';
import { words } from './texts';

const MOST_COUNTED = 50;
const AGAIN_MS = 60_000;
const SOON_MS = 3_000;

interface NextRegionProps {
  rules: readonly Rule[];
  settings: Schema<'SettingsView'>;
  team: readonly string[];
  pages: readonly Page[];
  preferred: string | null | undefined;
}

/** Who would get a new customer of a page. */
export function NextRegion({ rules, settings, team, pages, preferred }: NextRegionProps) {
  const [chosen, setChosen] = useState<string | null>(null);
  const [kind, setKind] = useState('message');
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
              choices={(['message', 'comment'] as const).map((value) => ({
                value,
                text: words(value),
              }))}
              onValue={setKind}
            />
          )}
          <Answer
            rules={rules}
            settings={settings}
            team={team}
            page={page}
            comments={kind === 'comment'}
          />
        </>
      )}
    </section>
  );
}

interface AnswerProps {
  rules: readonly Rule[];
  settings: Schema<'SettingsView'>;
  team: readonly string[];
  page: Page;
  comments: boolean;
}

function Answer({ rules, settings, team, page, comments }: AnswerProps) {
  const store = useStore();
  const rule = ruleOf(rules, page.id);
  const { reload, ...loaded } = useLoaded(
    async () => (rule ? readTurn(rule, team, page.id) : NO_TURN),
    `${page.id} ${rule?.id} ${rule?.version}`,
  );
  useEffect(() => {
    const timer = setInterval(() => !document.hidden && void reload(), AGAIN_MS);
    return () => clearInterval(timer);
  }, [reload]);
  // What comes in changes the counters: somebody may have been chosen.
  const soon = useRef<ReturnType<typeof setTimeout> | null>(null);
  useSignalEffect(() => {
    if (!store.counts.value || soon.current !== null) return;
    soon.current = setTimeout(() => {
      soon.current = null;
      if (!document.hidden) void reload();
    }, SOON_MS);
  });
  useEffect(() => () => clearTimeout(soon.current ?? undefined), []);
  if (!settings.assignment || !settings.auto_assign) {
    return <p role="status">{words('nextAutoOff')}</p>;
  }
  if (!rule) return <p role="status">{words('nextNoRule')}</p>;
  if (loaded.state === 'loading') return <Skeleton rows={3} />;
  if (loaded.state === 'failed') {
    return <Failed text={sayProblem(loaded.problem)} onRetry={() => void reload()} />;
  }
  const turn = loaded.value;
  const load = (agent: string) => turn.loads.get(agent) ?? null;
  const pool = standings(rule, {
    agents: agents.value,
    team,
    presence: (agent) => store.presence.value.get(agent)?.status ?? 'offline',
    page,
    capability: capabilityOf(page, page.channel === 'facebook' && comments),
    pagePermissions: settings.page_permissions,
    load,
  });
  const free = pool.filter(({ excluded }) => excluded === null).length;
  const last = turn.last?.agent_id ?? null;
  const next = rule.mode === 'least_loaded' ? leastLoaded(pool, last, load) : after(pool, last);
  // A list of one needs no turn.
  const isUnknown = turn.last === undefined && free > 1;
  const sequel = words(settings.when_nobody === 'queue' ? 'nextQueue' : 'nextUnassigned');
  const sentence =
    next === null
      ? `${words('nextNobody')} ${sequel}`
      : rule.mode === 'random'
        ? words('nextRandom', free)
        : isUnknown
          ? words('nextUnknown')
          : words('nextIs', agentName(next));
  return (
    <>
      <p role="status" class={styles.answer}>
        {sentence}
      </p>
      <p class={styles.soft}>{words('byRule', rule.name)}</p>
      {rule.mode !== 'random' && (
        <p class={styles.soft}>
          {turn.last
            ? words('lastChoice', agentName(turn.last.agent_id), formatDateTime(turn.last.at))
            : words(isUnknown ? 'unknownHint' : 'noLastChoice')}
        </p>
      )}
      <ol class={styles.pool} aria-label={words('order')}>
        {pool.map(({ agent, excluded }) => (
          <li
            key={agent}
            class={join(styles.standing, excluded !== null && styles.out)}
            aria-current={
              agent === next && rule.mode !== 'random' && !isUnknown ? 'true' : undefined
            }
          >
            <span>{agentName(agent)}</span>
            <span class={styles.soft}>{excluded ? sayExcluded(excluded) : words('can')}</span>
          </li>
        ))}
      </ol>
      <p class={styles.soft}>{words('honest')}</p>
    </>
  );
}

function sayExcluded(reason: Excluded): string {
  if (reason === 'capacity') return words('full');
  if (reason === 'disabled') return words('gone');
  return words(reason);
}

interface Turn {
  /** Null if nobody was chosen yet; undefined if it was not found. */
  last: { agent_id: string; at: string } | null | undefined;
  /** Open conversations, where the rule asks for them. */
  loads: ReadonlyMap<string, number>;
}

const NO_TURN: Turn = { last: null, loads: new Map() };

async function readTurn(rule: Rule, team: readonly string[], page: string): Promise<Turn> {
  const pool = poolOf(rule, agents.value, team);
  const counted = pool.filter(({ capacity }) => rule.mode === 'least_loaded' || capacity !== null);
  const [last, ...loads] = await Promise.all([
    lastChoice(rule, page),
    ...counted.slice(0, MOST_COUNTED).map(async ({ agent_id }): Promise<[string, number]> => {
      const query = { assignee: agent_id, done: false };
      const counts = await take(api.GET('/v1/conversations/counts', { params: { query } }));
      return [agent_id, counts.total];
    }),
  ]);
  return { last, loads: new Map(loads) };
}
