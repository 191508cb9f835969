import { useState } from 'preact/hooks';
import type { Job } from '../../core/model';
import { useStore } from '../../live/context';
import { agents } from '../../live/directory';
import { hasRight } from '../../session';
import { sayProblem } from '../../texts/problems';
import { Button, DataForm, Dialog, toast } from '../../ui';
import { write } from './routes';
import type { ExtraProps } from './section';
import { words } from './texts';

/** Hands over all that an agent has to another one, or to the queue (R6.5). */
export function StaffExtra({ item }: ExtraProps) {
  const store = useStore();
  const [open, setOpen] = useState(false);
  if (!hasRight('assign')) return null;
  const others = agents.value.filter(({ id, disabled }) => id !== item.id && !disabled);
  return (
    <div>
      <Button icon="people" onClick={() => setOpen(true)}>
        {words('handover')}
      </Button>
      {open && (
        <Dialog title={words('handover')} onClose={() => setOpen(false)}>
          <DataForm
            fields={[
              {
                kind: 'choice',
                name: 'to',
                label: words('handoverTo'),
                hint: words('handoverHint'),
                choices: [
                  { value: '', text: words('nobody') },
                  ...others.map(({ id, name }) => ({ value: id, text: name })),
                ],
              },
              { kind: 'text', name: 'note', label: words('note') },
            ]}
            values={{ to: '', note: '' }}
            submit={words('handover')}
            done=""
            onCancel={() => setOpen(false)}
            onSubmit={async ({ to, note }) => {
              const path = `/v1/agents/${encodeURIComponent(item.id)}/handover`;
              try {
                const { answer } = await write('POST', path, {
                  to: to || null,
                  note: note || null,
                });
                store.follow(answer as unknown as Job);
                setOpen(false);
                toast(words('handoverBegun'));
              } catch (problem) {
                toast(sayProblem(problem), 'bad');
              }
            }}
          />
        </Dialog>
      )}
    </div>
  );
}
