import { useRef } from 'preact/hooks';
import { hasRight } from '../../session';
import { sayProblem } from '../../texts/problems';
import { DataForm, Failed, Skeleton, useLoaded } from '../../ui';
import { Head } from './listing';
import { readItems, readOne, write } from './routes';
import { choicesOf, LISTS } from './section';
import { words } from './texts';

/** Who may answer on every page (B I.1). */
export function SupportTeam() {
  const seen = useRef<string | null>(null);
  const loaded = useLoaded(async () => {
    const after = seen.current ? `?after=${seen.current}` : '';
    const [team, agents] = await Promise.all([
      readOne(`/v1/support-team${after}`),
      readItems(LISTS.agents),
    ]);
    return { team, agents };
  });
  return (
    <>
      <Head title="support" lead="supportLead" />
      {loaded.state === 'loading' && <Skeleton />}
      {loaded.state === 'failed' && (
        <Failed text={sayProblem(loaded.problem)} onRetry={() => void loaded.reload()} />
      )}
      {loaded.state === 'ready' && (
        <DataForm
          fields={[
            {
              kind: 'many',
              name: 'agent_ids',
              label: words('members'),
              choices: choicesOf(loaded.value.agents),
            },
          ]}
          values={loaded.value.team}
          disabled={!hasRight('manage')}
          onSubmit={async ({ agent_ids }) => {
            const { version } = await write('PUT', '/v1/support-team', { agent_ids });
            seen.current = version;
            await loaded.reload();
          }}
        />
      )}
    </>
  );
}
