import { useState } from 'preact/hooks';
import { hasRight } from '../../session';
import { sayProblem } from '../../texts/problems';
import { Button, Confirm, toast } from '../../ui';
import { write } from './routes';
import { Secret } from './secret';
import type { ExtraProps } from './section';
import { words } from './texts';

/** Gives an integration a new token. */
export function TokenExtra({ item, onChanged }: ExtraProps) {
  return (
    <NewToken path={`/v1/integrations/${encodeURIComponent(item.id)}/token`} {...{ onChanged }} />
  );
}

interface NewTokenProps {
  path: string;
  onChanged: () => Promise<void>;
}

/** Makes a token in place of the one that there is, and says it once. */
export function NewToken({ path, onChanged }: NewTokenProps) {
  const [asking, setAsking] = useState(false);
  const [token, setToken] = useState<string | null>(null);
  if (!hasRight('manage')) return null;
  const renew = async () => {
    setAsking(false);
    try {
      const { answer } = await write('POST', path);
      setToken(String(answer.token));
      await onChanged();
    } catch (problem) {
      toast(sayProblem(problem), 'bad');
    }
  };
  return (
    <div>
      <Button icon="lock" onClick={() => setAsking(true)}>
        {words('newToken')}
      </Button>
      {asking && (
        <Confirm
          danger
          title={words('newToken')}
          action={words('newToken')}
          onConfirm={() => void renew()}
          onClose={() => setAsking(false)}
        >
          {words('newTokenHint')}
        </Confirm>
      )}
      {token && <Secret value={token} onClose={() => setToken(null)} />}
    </div>
  );
}
