import { useRef } from 'preact/hooks';
import { hasRight } from '../../session';
import { sayProblem } from '../../texts/problems';
import { DataForm, Failed, type FormField, Skeleton, useLoaded } from '../../ui';
import { Head } from './listing';
import { readOne, write } from './routes';
import { type Word, words } from './texts';

const checkbox = (name: string, label: Word, hint: Word): FormField => ({
  kind: 'checkbox',
  name,
  label: words(label),
  hint: words(hint),
});

/** Needs another setting, so that it is offered only beside it. */
const when = (field: FormField, name: string): FormField => ({
  ...field,
  when: (values) => values[name] === true,
});

const fields = (): readonly FormField[] => [
  {
    kind: 'choice',
    name: 'visibility',
    label: words('visibility'),
    hint: words('visibilityHint'),
    choices: [
      { value: 'everyone', text: words('everyone') },
      { value: 'own_and_unassigned', text: words('ownAndUnassigned') },
      { value: 'own_only', text: words('ownOnly') },
    ],
  },
  checkbox('page_permissions', 'pagePermissions', 'pagePermissionsHint'),
  checkbox('assignment', 'assignment', 'assignmentHint'),
  when(checkbox('auto_assign', 'autoAssign', 'autoAssignHint'), 'assignment'),
  when(checkbox('auto_reassign', 'autoReassign', 'autoReassignHint'), 'auto_assign'),
  {
    kind: 'choice',
    name: 'when_nobody',
    label: words('whenNobody'),
    hint: words('whenNobodyHint'),
    choices: [
      { value: 'queue', text: words('queue') },
      { value: 'leave_unassigned', text: words('leaveUnassigned') },
    ],
  },
  checkbox('take_unassigned', 'takeUnassigned', 'takeUnassignedHint'),
  {
    kind: 'number',
    name: 'done_after_hours',
    label: words('doneAfter'),
    hint: words('doneAfterHint'),
    unit: words('hours'),
    min: 0,
    max: 8760,
  },
  {
    kind: 'choice',
    name: 'merge_contacts',
    label: words('mergeContacts'),
    hint: words('mergeContactsHint'),
    choices: [
      { value: 'propose', text: words('propose') },
      { value: 'at_once', text: words('atOnce') },
    ],
  },
];

/** The settings of the organization, each with what it does. */
export function OrganizationSettings() {
  const seen = useRef<string | null>(null);
  const loaded = useLoaded(() =>
    readOne(seen.current ? `/v1/settings?after=${seen.current}` : '/v1/settings'),
  );
  return (
    <>
      <Head title="general" lead="generalLead" />
      {loaded.state === 'loading' && <Skeleton />}
      {loaded.state === 'failed' && (
        <Failed text={sayProblem(loaded.problem)} onRetry={() => void loaded.reload()} />
      )}
      {loaded.state === 'ready' && (
        <DataForm
          fields={fields()}
          values={loaded.value}
          disabled={!hasRight('manage')}
          onSubmit={async (values) => {
            const body = Object.fromEntries(fields().map(({ name }) => [name, values[name]]));
            if (!body.assignment) body.auto_assign = false;
            if (!body.auto_assign) body.auto_reassign = false;
            const { version } = await write('PUT', '/v1/settings', body);
            seen.current = version;
            await loaded.reload();
          }}
        />
      )}
    </>
  );
}
