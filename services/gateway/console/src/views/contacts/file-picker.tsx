import { useState } from 'preact/hooks';
import { formatBytes } from '../../texts';
import { Field, Icon, join } from '../../ui';
import styles from './file-picker.module.css';
import { importWords } from './import-texts';

interface FilePickerProps {
  file: File | null;
  onFile: (file: File | null) => void;
}

/** A file that is chosen, or dropped here. */
export function FilePicker({ file, onFile }: FilePickerProps) {
  const [over, setOver] = useState(false);
  return (
    <Field label={importWords('chooseFile')} required>
      {(wired) => (
        <label
          for={wired.id}
          class={join(styles.drop, over && styles.over)}
          onDragOver={(event) => {
            event.preventDefault();
            setOver(true);
          }}
          onDragLeave={() => setOver(false)}
          onDrop={(event) => {
            event.preventDefault();
            setOver(false);
            onFile(event.dataTransfer?.files[0] ?? file);
          }}
        >
          <input
            {...wired}
            type="file"
            accept=".xlsx,.csv"
            class="unseen"
            onChange={(event) => onFile(event.currentTarget.files?.[0] ?? null)}
          />
          <Icon name={file ? 'file' : 'upload'} />
          {file ? (
            <span class={styles.name}>
              {file.name} <span class={styles.size}>{formatBytes(file.size)}</span>
            </span>
          ) : (
            <span class={styles.name}>{importWords('dropFile')}</span>
          )}
          <span class={styles.act}>{importWords(file ? 'otherFile' : 'browse')}</span>
        </label>
      )}
    </Field>
  );
}
