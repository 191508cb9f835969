import { useRef, useState } from 'preact/hooks';
import { api, take } from '../../api/client';
import { agentName } from '../../live/directory';
import { href, navigate, route } from '../../router';
import { formatNumber, t } from '../../texts';
import { sayProblem } from '../../texts/problems';
import { Button, Failed, Menu, SelectField, Skeleton, State, toast, useLoaded } from '../../ui';
import { named } from './filter-bar';
import styles from './pipeline.module.css';
import { readContacts } from './rows';
import { type Contact, isClaimable, type Setup, useSetup } from './setup';
import { words } from './texts';

type Pipeline = Setup['pipelines'][number];

interface Lane {
  cards: readonly Contact[];
  next: string | null;
}

const LIMIT = 50;

/** A pipeline as a board: its steps, and the contacts at each (C6). */
export function PipelineView() {
  const { pipelines } = useSetup();
  const asked = route.value.query.get('pipeline');
  const pipeline = pipelines.find(({ id }) => id === asked) ?? pipelines[0];
  if (!pipeline) {
    return (
      <State icon="board" title={words('noPipelines')}>
        {words('noPipelinesHint')}
      </State>
    );
  }
  return (
    <section class={styles.view}>
      <div class={styles.bar}>
        {pipelines.length > 1 && (
          <SelectField
            bare
            label={words('choosePipeline')}
            choices={named(pipelines)}
            value={pipeline.id}
            onValue={(id) => navigate(href('contacts', 'pipeline', { pipeline: id }), 'replace')}
          />
        )}
        <p id="pipeline-hint" class={styles.soft}>
          {words('moveHint')}
        </p>
      </div>
      <Board key={pipeline.id} pipeline={pipeline} />
    </section>
  );
}

async function readLane(pipeline: string, step: string, cursor?: string): Promise<Lane> {
  const page = await readContacts({ step: `${pipeline}:${step}` }, cursor, LIMIT);
  return { cards: page.items.filter((row) => !isClaimable(row)) as Contact[], next: page.next };
}

function Board({ pipeline }: { pipeline: Pipeline }) {
  const { steps } = pipeline;
  const loaded = useLoaded(async () => {
    const read = await Promise.all(steps.map(({ id }) => readLane(pipeline.id, id)));
    return new Map(steps.map(({ id }, at) => [id, read[at] ?? { cards: [], next: null }]));
  }, pipeline.id);
  if (loaded.state === 'loading') return <Skeleton />;
  if (loaded.state === 'failed') {
    return <Failed text={sayProblem(loaded.problem)} onRetry={() => void loaded.reload()} />;
  }
  return <Lanes pipeline={pipeline} read={loaded.value} />;
}

interface LanesProps {
  pipeline: Pipeline;
  read: ReadonlyMap<string, Lane>;
}

function Lanes({ pipeline, read }: LanesProps) {
  const [lanes, setLanes] = useState(read);
  const [said, setSaid] = useState('');
  const [over, setOver] = useState<string | null>(null);
  const dragged = useRef<{ card: Contact; from: string } | null>(null);
  const board = useRef<HTMLDivElement>(null);
  /** One after the other, so that the last step counts. */
  const sending = useRef(Promise.resolve());
  const nameOf = (step: string) => pipeline.steps.find(({ id }) => id === step)?.name ?? step;

  const move = (card: Contact, from: string, to: string) => {
    if (from === to) return;
    setLanes((now) => shift(now, card, from, to));
    sending.current = sending.current.then(() => send(card, from, to));
  };
  const send = async (card: Contact, from: string, to: string) => {
    const name = card.name ?? words('noName');
    try {
      const path = { contact_id: card.id, pipeline_id: pipeline.id };
      const address = '/v1/contacts/{contact_id}/steps/{pipeline_id}';
      await take(api.PUT(address, { params: { path }, body: { step_id: to } }));
      setSaid(words('moved', name, nameOf(to)));
    } catch (problem) {
      setLanes((now) => shift(now, card, to, from));
      setSaid(words('movedBack', name, nameOf(from)));
      toast(sayProblem(problem), 'bad');
    }
  };
  const pressed = (event: KeyboardEvent, card: Contact, from: string) => {
    const by = { ArrowLeft: -1, ArrowRight: 1 }[event.key];
    const at = pipeline.steps.findIndex(({ id }) => id === from);
    const to = by && pipeline.steps[at + by];
    if (!to) return;
    event.preventDefault();
    move(card, from, to.id);
    const selector = `[data-card="${CSS.escape(card.id)}"]`;
    requestAnimationFrame(() => board.current?.querySelector<HTMLElement>(selector)?.focus());
  };
  const loadMore = async (step: string, cursor: string) => {
    try {
      const page = await readLane(pipeline.id, step, cursor);
      setLanes((now) => {
        const cards = now.get(step)?.cards ?? [];
        const known = new Set(cards.map(({ id }) => id));
        const added = page.cards.filter(({ id }) => !known.has(id));
        return new Map(now).set(step, { cards: [...cards, ...added], next: page.next });
      });
    } catch (problem) {
      toast(sayProblem(problem), 'bad');
    }
  };
  return (
    <>
      <p role="status" class="unseen">
        {said}
      </p>
      <div ref={board} role="group" aria-label={words('board')} class={styles.board}>
        {pipeline.steps.map(({ id: step, name, color }) => {
          const { cards, next } = lanes.get(step) ?? { cards: [], next: null };
          return (
            <section
              key={step}
              aria-label={name}
              class={styles.lane}
              data-over={over === step}
              onDragOver={(event) => {
                if (!dragged.current) return;
                event.preventDefault();
                setOver(step);
              }}
              onDrop={(event) => {
                event.preventDefault();
                setOver(null);
                const { current } = dragged;
                dragged.current = null;
                if (current) move(current.card, current.from, step);
              }}
            >
              <h2 class={styles.laneHead}>
                <span class={styles.dot} style={{ background: color ?? 'var(--line-strong)' }} />
                {name}{' '}
                <span class={styles.soft}>
                  {formatNumber(cards.length)}
                  {next && '+'}
                </span>
              </h2>
              <ul class={styles.cards}>
                {cards.map((card) => (
                  <li key={card.id} class={styles.cardOf}>
                    <a
                      href={href('contacts', card.id)}
                      class={styles.card}
                      data-card={card.id}
                      draggable
                      aria-describedby="pipeline-hint"
                      onDragStart={(event) => {
                        dragged.current = { card, from: step };
                        event.dataTransfer?.setData('text/plain', card.id);
                      }}
                      onDragEnd={() => {
                        dragged.current = null;
                        setOver(null);
                      }}
                      onKeyDown={(event) => pressed(event, card, step)}
                    >
                      <strong>{card.name ?? words('noName')}</strong>
                      <span class={styles.soft}>
                        {card.phones[0] ?? card.emails[0]}
                        {card.assignee && ` · ${agentName(card.assignee)}`}
                      </span>
                    </a>
                    <span class={styles.cardMenu}>
                      <Menu
                        small
                        align="end"
                        icon="more"
                        label={words('moveCard', card.name ?? words('noName'))}
                        items={pipeline.steps.map(({ id, name }) => ({
                          key: id,
                          text: name,
                          checked: id === step,
                          onPick: () => move(card, step, id),
                        }))}
                      />
                    </span>
                  </li>
                ))}
              </ul>
              {cards.length === 0 && <p class={styles.soft}>{words('noCards')}</p>}
              {next && (
                <Button small onClick={() => void loadMore(step, next)}>
                  {t('loadMore')}
                </Button>
              )}
            </section>
          );
        })}
      </div>
    </>
  );
}

/** The lanes with the card at the head of another one. */
function shift(
  lanes: ReadonlyMap<string, Lane>,
  card: Contact,
  from: string,
  to: string,
): ReadonlyMap<string, Lane> {
  const next = new Map(lanes);
  const left = lanes.get(from);
  const come = lanes.get(to);
  if (left) next.set(from, { ...left, cards: left.cards.filter(({ id }) => id !== card.id) });
  if (come) {
    next.set(to, { ...come, cards: [card, ...come.cards.filter(({ id }) => id !== card.id)] });
  }
  return next;
}
