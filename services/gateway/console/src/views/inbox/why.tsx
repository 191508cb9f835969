import { api, type Schema, take } from '../../api/client';
import { agentName } from '../../live/directory';
import { formatDateTime, language } from '../../texts';
import { sayProblem } from '../../texts/problems';
import { Dialog, Failed, Skeleton, State, useLoaded } from '../../ui';
import { words } from './texts';
import styles from './why.module.css';

type Assignment = Schema<'AssignmentView'>;

/** The history of assignments, newest first: what was decided, and why (R9.4, I10). */
export function Why({ id, onClose }: { id: string; onClose: () => void }) {
  const loaded = useLoaded(async () => {
    const path = { conversation_id: id };
    const asked = api.GET('/v1/conversations/{conversation_id}/assignments', {
      params: { path, query: { limit: 50 } },
    });
    return (await take(asked)).items;
  }, id);
  return (
    <Dialog title={words('whyTitle')} onClose={onClose} wide>
      {loaded.state === 'loading' && <Skeleton rows={3} />}
      {loaded.state === 'failed' && (
        <Failed text={sayProblem(loaded.problem)} onRetry={() => void loaded.reload()} />
      )}
      {loaded.state === 'ready' && loaded.value.length === 0 && (
        <State icon="clock" title={words('nobody')} />
      )}
      {loaded.state === 'ready' && (
        <ol class={styles.history}>
          {loaded.value.map((one) => (
            <Decision key={one.version} decision={one} />
          ))}
        </ol>
      )}
    </Dialog>
  );
}

const EXCLUSIONS = {
  offline: 'offline',
  capability: 'capability',
  page: 'wrongPage',
  department: 'department',
  group: 'group',
  capacity: 'capacity',
  disabled: 'disabled',
  handed_over: 'handed_over',
} as const;

/** A reason that is not known yet is shown as it is. */
function sayExclusion(reason: string): string {
  return reason in EXCLUSIONS ? words(EXCLUSIONS[reason as keyof typeof EXCLUSIONS]) : reason;
}

function Decision({ decision }: { decision: Assignment }) {
  const { agent_id, at, by, note, sentence, candidates, excluded } = decision;
  return (
    <li class={styles.decision}>
      <p class={styles.head}>
        <strong>{agent_id === null ? words('nobody') : agentName(agent_id)}</strong>
        <time dateTime={at}>{formatDateTime(at)}</time>
      </p>
      <p>{sentence[language.value]}</p>
      {by && <p class={styles.soft}>{words('byWhom', agentName(by))}</p>}
      {note && (
        <p class={styles.soft}>
          {words('note')}: {note}
        </p>
      )}
      {candidates && candidates.length > 0 && (
        <p class={styles.soft}>
          {words('candidates')}: {candidates.map(agentName).join(', ')}
        </p>
      )}
      {excluded && excluded.length > 0 && (
        <p class={styles.soft}>
          {words('excluded')}:{' '}
          {excluded
            .map((one) => `${agentName(one.agent_id)} (${sayExclusion(one.reason)})`)
            .join(', ')}
        </p>
      )}
    </li>
  );
}
