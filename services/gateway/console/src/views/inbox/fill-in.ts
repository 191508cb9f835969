/** The text of a template with the names that its placeholders stand for (I7); one that is not known
 * stays as it is. */
export function fillIn(text: string, customer: string, agent: string): string {
  const values: Readonly<Record<string, string>> = {
    'customer.name': customer,
    'agent.name': agent,
  };
  return text.replaceAll(/\{\{\s*([a-z.]+)\s*\}\}/g, (all, name: string) => values[name] ?? all);
}
