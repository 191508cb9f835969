import { ApiProblem, api, type Schema, take } from '../../api/client';
import { agentName, agents } from '../../live/directory';
import { me } from '../../session';
import { t } from '../../texts';
import { sayProblem } from '../../texts/problems';
import type { Choice } from '../../ui';
import { sayCare } from './columns';
import type { Reload } from './contact-page';
import styles from './contacts.module.css';
import { EditInPlace } from './edit-in-place';
import { named } from './filter-bar';
import { type Contact, managedBy, type Setup, useSetup } from './setup';
import { words } from './texts';

type Patch = Schema<'ContactPatch'>;
/** Gives why it was refused, or null. */
type Save = (field: string, change: Patch) => Promise<string | null>;

interface FactsProps {
  contact: Contact;
  reload: Reload;
}

/** What is known of a contact. Each field is changed where it stands. */
export function Facts({ contact, reload }: FactsProps) {
  const setup = useSetup();
  const save: Save = async (field, body) => {
    const params = {
      path: { contact_id: contact.id },
      header: { 'if-match': `"${contact.version}"` },
    };
    try {
      const saved = await take(api.PATCH('/v1/contacts/{contact_id}', { params, body }));
      await reload(saved.version);
      return null;
    } catch (problem) {
      if (problem instanceof ApiProblem && problem.status === 412) await reload();
      return sayRefusal(problem, field);
    }
  };
  return (
    <>
      <section class={styles.part} aria-label={words('facts')}>
        <Texts contact={contact} save={save} />
      </section>
      {setup.fields.length > 0 && (
        <section class={styles.part}>
          <h3>{words('custom')}</h3>
          {setup.fields.map((field) => (
            <CustomField
              key={field.id}
              field={field}
              value={contact.custom[field.id]}
              save={save}
            />
          ))}
        </section>
      )}
      <section class={styles.part}>
        <h3>{words('care')}</h3>
        <Care contact={contact} save={save} />
        <Steps contact={contact} reload={reload} />
      </section>
    </>
  );
}

export function sayRefusal(problem: unknown, field: string): string {
  if (!(problem instanceof ApiProblem)) return sayProblem(problem);
  if (problem.status === 412) {
    const { agent_id, by } = problem.body;
    const who = agent_id ?? by;
    return typeof who === 'string' ? words('changedBy', agentName(who)) : words('changedMeanwhile');
  }
  const found = problem.errors.filter((one) => one.field.startsWith(field));
  return found.map(({ detail }) => detail).join(' ') || sayProblem(problem);
}

function Texts({ contact, save }: { contact: Contact; save: Save }) {
  const text = (name: 'name' | 'address' | 'location') => (
    <EditInPlace
      label={words(name)}
      value={contact[name] ?? ''}
      save={(value) => save(name, { [name]: value.trim() || null })}
    />
  );
  const several = (name: 'phones' | 'emails') => (
    <EditInPlace
      label={words(name)}
      hint={words('several')}
      value={contact[name].join(', ')}
      save={(value) => save(name, { [name]: split(value) })}
    />
  );
  return (
    <>
      {text('name')}
      {several('phones')}
      {several('emails')}
      <EditInPlace
        label={words('gender')}
        value={contact.gender ?? ''}
        choices={withNone((['female', 'male', 'other'] as const).map(asChoice))}
        save={(value) => save('gender', { gender: (value || null) as Contact['gender'] })}
      />
      <EditInPlace
        label={words('birthday')}
        type="date"
        value={contact.birthday ?? ''}
        save={(value) => save('birthday', { birthday: value || null })}
      />
      {text('address')}
      {text('location')}
    </>
  );
}

function asChoice(value: 'female' | 'male' | 'other'): Choice {
  return { value, text: words(value) };
}

function withNone(choices: readonly Choice[], none = ''): readonly Choice[] {
  return [{ value: '', text: none }, ...choices];
}

export function split(value: string): string[] {
  return value
    .split(/[,;\n]/)
    .map((one) => one.trim())
    .filter(Boolean);
}

interface CustomFieldProps {
  field: Setup['fields'][number];
  value: string | number | boolean | undefined;
  save: Save;
}

function CustomField({ field: { id, name, type, choices }, value, save }: CustomFieldProps) {
  const yesNo = [
    { value: 'true', text: t('yes') },
    { value: 'false', text: t('no') },
  ];
  const listed = (choices ?? []).map((one) => ({ value: one, text: one }));
  const offered = type === 'yes_no' ? yesNo : type === 'choice' ? listed : null;
  const typed = (given: string) => {
    if (given === '') return null;
    if (type === 'number') return Number(given);
    return type === 'yes_no' ? given === 'true' : given;
  };
  return (
    <EditInPlace
      label={name}
      type={type === 'number' || type === 'date' ? type : 'text'}
      value={value === undefined ? '' : String(value)}
      choices={offered ? withNone(offered) : undefined}
      save={(given) => save('custom', { custom: { [id]: typed(given) } })}
    />
  );
}

function Care({ contact, save }: { contact: Contact; save: Save }) {
  const setup = useSetup();
  const { warehouses, campaigns } = setup;
  const viewer = me.value;
  const manages = managedBy(viewer, setup).some(({ id }) => id === contact.warehouse_id);
  const known = agents.value.some(({ id }) => id === contact.assignee);
  const self =
    contact.assignee && !known
      ? [{ value: contact.assignee, text: agentName(contact.assignee) }]
      : [];
  return (
    <>
      <EditInPlace
        label={words('assignee')}
        value={contact.assignee ?? ''}
        choices={withNone([...self, ...named(agents.value)], words('nobody'))}
        // Who sees it and neither manages nor has it leads a team (W7).
        disabled={!manages && contact.assignee === viewer?.agent_id}
        save={(value) => save('assignee', { assignee: value || null })}
      />
      {warehouses.length > 0 && (
        <EditInPlace
          label={words('warehouse')}
          value={contact.warehouse_id}
          choices={named(warehouses)}
          disabled={!manages}
          save={(warehouse_id) => save('warehouse_id', { warehouse_id })}
        />
      )}
      {campaigns.length > 0 && (
        <>
          <EditInPlace
            label={words('campaign')}
            value={contact.campaign_id ?? ''}
            choices={withNone(named(campaigns))}
            save={(value) => save('campaign_id', { campaign_id: value || null })}
          />
          <EditInPlace
            label={words('careStatus')}
            value={contact.care_status ?? ''}
            choices={withNone(
              (['multi_assign_pending', 'multi_assigned'] as const).map((value) => {
                return { value, text: sayCare(value) };
              }),
            )}
            save={(value) =>
              save('care_status', { care_status: (value || null) as Patch['care_status'] })
            }
          />
        </>
      )}
    </>
  );
}

/** Where the contact stands in each pipeline (C6). */
function Steps({ contact, reload }: FactsProps) {
  return (
    <>
      {useSetup().pipelines.map(({ id, name, steps }) => (
        <EditInPlace
          key={id}
          label={name}
          value={contact.steps[id] ?? ''}
          choices={withNone(named(steps))}
          save={async (step) => {
            const path = { contact_id: contact.id, pipeline_id: id };
            const body = { step_id: step || null };
            try {
              const address = '/v1/contacts/{contact_id}/steps/{pipeline_id}';
              const put = await take(api.PUT(address, { params: { path }, body }));
              await reload(put.version);
              return null;
            } catch (problem) {
              return sayRefusal(problem, 'step_id');
            }
          }}
        />
      ))}
    </>
  );
}
