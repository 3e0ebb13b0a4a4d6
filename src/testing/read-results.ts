/** Reads the results of a subscription from server-sent events. */

export interface TestAnswer {
  readonly data?: any;
  readonly errors?: readonly {
    readonly message: string;
    readonly path?: readonly unknown[];
    readonly extensions: any;
  }[];
}

export async function* readResults(
  url: string,
  headers: Readonly<Record<string, string>>,
  body: string,
): AsyncIterableIterator<TestAnswer> {
  const gone = new AbortController();
  const response = await fetch(url, {
    method: 'POST',
    headers: { ...headers, accept: 'text/event-stream' },
    body,
    signal: gone.signal,
  });
  try {
    let rest = '';
    const decoder = new TextDecoder();
    for await (const bytes of response.body ?? []) {
      const blocks = (rest + decoder.decode(bytes as Uint8Array, { stream: true })).split('\n\n');
      rest = blocks.pop() ?? '';
      for (const block of blocks) {
        const lines = block.split('\n');
        const data = lines.flatMap((line) => (line.startsWith('data: ') ? [line.slice(6)] : [])).join('\n');
        if (lines.includes('event: complete')) return;
        if (data !== '') yield JSON.parse(data) as TestAnswer;
      }
    }
  } finally {
    gone.abort();
  }
}
