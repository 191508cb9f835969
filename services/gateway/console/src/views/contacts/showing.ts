const VIEWS_MS = 700;

/** The version of the contact that an answer names, from which on the views have the change. */
export function versionOf(answer: unknown): number | undefined {
  const response = (answer as { response?: Response } | undefined)?.response;
  const found = /^"(\d+)"$/.exec(response?.headers.get('ETag') ?? '');
  return found ? Number(found[1]) : undefined;
}

/** The views follow the log shortly: what names no version, as a removal, is waited for. */
export function untilShown(): Promise<void> {
  return new Promise((done) => setTimeout(done, VIEWS_MS));
}
