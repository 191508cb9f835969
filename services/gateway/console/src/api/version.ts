/** The version that an answer names in its `ETag`: reading with `after` waits until it is shown. */
export function versionOf(answer: unknown): number | undefined {
  const response = (answer as { response?: Response } | undefined)?.response;
  const found = /^"(\d+)"$/.exec(response?.headers.get('ETag') ?? '');
  return found ? Number(found[1]) : undefined;
}
