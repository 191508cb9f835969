import { t } from '../../texts';
import { Button, Dialog, toast } from '../../ui';
import styles from './settings.module.css';
import { words } from './texts';

/** A token that the gateway says only once. */
export function Secret({ value, onClose }: { value: string; onClose: () => void }) {
  const actions = (
    <>
      <Button
        icon="clip"
        onClick={() =>
          void navigator.clipboard?.writeText(value).then(() => toast(words('copied')))
        }
      >
        {words('copy')}
      </Button>
      <Button kind="primary" onClick={onClose}>
        {t('close')}
      </Button>
    </>
  );
  return (
    <Dialog title={words('token')} actions={actions} onClose={onClose}>
      <p>{words('tokenOnce')}</p>
      <p class={styles.code}>{value}</p>
    </Dialog>
  );
}
