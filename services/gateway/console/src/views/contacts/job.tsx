import { useEffect, useState } from 'preact/hooks';
import { api, type Schema, take } from '../../api/client';
import { href } from '../../router';
import { formatNumber } from '../../texts';
import { sayDetail } from '../../texts/details';
import { sayProblem } from '../../texts/problems';
import { Button, Meter, Notice, toast } from '../../ui';
import styles from './contacts.module.css';
import { words } from './texts';

export type Job = Schema<'JobView'>;

const AGAIN_MS = 1000;
const STATES = {
  waiting: 'waiting',
  running: 'running',
  done: 'done',
  stopped: 'stopped',
  failed: 'failedJob',
} as const;

export function sayState(state: keyof typeof STATES): string {
  return words(STATES[state]);
}

const REASONS = [
  'not_found',
  'not_allowed',
  'held',
  'no_warehouse',
  'no_campaign',
  'too_many',
  'unknown_reference',
  'known_elsewhere',
  'invalid_row',
  'read_only',
  'version_passed',
  'failed',
] as const;

/** Why a contact or a row was left out; a reason that is not known stands as the gateway says it. */
export function sayReason(reason: string): string {
  const known = REASONS.find((one) => one === reason);
  return known ? words(known) : reason;
}

export function isOver({ state }: { state: string }): boolean {
  return !['waiting', 'running'].includes(state);
}

/** Reads something that is under way again and again, until it is over. */
export function useProgress<T extends { id: string; state: string }>(
  begun: T,
  read: (id: string) => Promise<T>,
): { now: T; problem: unknown; show: (now: T) => void } {
  const [now, show] = useState(begun);
  const [problem, setProblem] = useState<unknown>(null);
  // biome-ignore lint/correctness/useExhaustiveDependencies: each answer begins the next wait
  useEffect(() => {
    if (isOver(now)) return;
    const waiting = setTimeout(async () => {
      try {
        show(await read(now.id));
        setProblem(null);
      } catch (failure) {
        setProblem(failure);
        show({ ...now });
      }
    }, AGAIN_MS);
    return () => clearTimeout(waiting);
  }, [now]);
  return { now, problem, show };
}

interface JobProgressProps {
  begun: Job;
  onDone: () => void;
}

/** How far a job is, what it changed, and what it left out and why. */
export function JobProgress({ begun, onDone }: JobProgressProps) {
  const { now, problem, show } = useProgress(begun, (id) =>
    take(api.GET('/v1/jobs/{job_id}', { params: { path: { job_id: id } } })),
  );
  const over = isOver(now);
  // biome-ignore lint/correctness/useExhaustiveDependencies: once, when it is over
  useEffect(() => {
    if (over) onDone();
  }, [over]);
  const stop = async () => {
    const params = { path: { job_id: now.id } };
    try {
      show(await take(api.POST('/v1/jobs/{job_id}/stop', { params })));
    } catch (failure) {
      toast(sayProblem(failure), 'bad');
    }
  };
  const { done, total, changed, unchanged, skipped = [], detail, state } = now;
  return (
    <div class={styles.part}>
      <p role="status">{sayState(state)}</p>
      {total !== null && <Meter label={words('progress')} value={done} max={total} warnFrom={2} />}
      {now.kind !== 'export' && (
        <p>
          {words('changed', formatNumber(changed))} · {words('unchanged', formatNumber(unchanged))}
        </p>
      )}
      <SkippedList skipped={skipped} count={now.refused} reasons={now.reasons} />
      {detail && <Notice tone="warn">{sayDetail(detail)}</Notice>}
      {problem !== null && <Notice tone="bad">{sayProblem(problem)}</Notice>}
      {!over && <Button onClick={() => void stop()}>{words('stop')}</Button>}
    </div>
  );
}

interface SkippedListProps {
  skipped: readonly Schema<'SkippedView'>[];
  count: number;
  reasons: Readonly<Record<string, number>>;
}

function SkippedList({ skipped, count, reasons }: SkippedListProps) {
  const left = Math.max(count, skipped.length);
  if (left === 0) return null;
  return (
    <>
      <h3>{words('skipped', formatNumber(left))}</h3>
      <ul class={styles.items}>
        {Object.entries(reasons).map(([reason, times]) => (
          <li key={reason}>
            {sayReason(reason)}: {formatNumber(times)}
          </li>
        ))}
        {skipped.map(({ id, reason }) => (
          <li key={id} class={styles.item}>
            <a href={href('contacts', id)}>{id}</a>
            <span class={styles.itemText}>{sayReason(reason)}</span>
          </li>
        ))}
      </ul>
    </>
  );
}
