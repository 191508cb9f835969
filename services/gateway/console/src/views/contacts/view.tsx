import { href, routeId } from '../../router';
import { manages, mayInCrm, me } from '../../session';
import { sayProblem } from '../../texts/problems';
import { Failed, Skeleton, useLoaded } from '../../ui';
import { ContactPage } from './contact-page';
import styles from './contacts.module.css';
import { ImportView } from './import-view';
import { MergesView } from './merges-view';
import { PipelineView } from './pipeline-view';
import { loadSetup, managedBy, type Setup, SetupContext } from './setup';
import { TableView } from './table-view';
import { words } from './texts';

const PARTS = ['table', 'pipeline', 'import', 'merges'] as const;
type Part = (typeof PARTS)[number];

/** The contacts: as a table, and each with all that hangs on it. */
export default function Contacts() {
  const id = routeId.value;
  const setup = useLoaded(loadSetup);
  if (setup.state === 'loading') return <Skeleton />;
  if (setup.state === 'failed') {
    return <Failed text={sayProblem(setup.problem)} onRetry={() => void setup.reload()} />;
  }
  const shown = PARTS.filter((one) => isOpen(one, setup.value));
  const part = shown.find((one) => idOf(one) === id);
  return (
    <SetupContext.Provider value={setup.value}>
      <div class={styles.contacts}>
        <header class={styles.head}>
          <h1>{words('title')}</h1>
          <nav aria-label={words('parts')} class={styles.parts}>
            {shown.map((one) => (
              <a
                key={one}
                href={href('contacts', idOf(one))}
                aria-current={one === part ? 'page' : undefined}
              >
                {words(one)}
              </a>
            ))}
          </nav>
        </header>
        {part === 'table' && <TableView />}
        {part === 'pipeline' && <PipelineView />}
        {part === 'import' && <ImportView />}
        {part === 'merges' && <MergesView />}
        {part === undefined && id !== null && <ContactPage key={id} id={id} />}
      </div>
    </SetupContext.Provider>
  );
}

/** Whoever has the right imports (C9, C11); about merges decide the managers of warehouses (C2). */
function isOpen(part: Part, setup: Setup): boolean {
  if (part === 'import') return mayInCrm('import');
  return part !== 'merges' || manages.value || managedBy(me.value, setup).length > 0;
}

function idOf(part: Part): string | null {
  return part === 'table' ? null : part;
}
