/** The figures of one run as a table for people, with the targets that they are held to. */
import { arch, cpus, totalmem } from 'node:os';
import type { Scenario } from './scenarios.ts';

/** One server in one scenario: medians over the rounds. */
export interface Measured {
  readonly server: ServerName;
  readonly scenario: string;
  readonly cpuMicrosecondsPerRequest: number;
  readonly requestsPerSecond: number;
  readonly p50: number;
  readonly p99: number;
  /** Requests per CPU second as a share of (a)'s: the median of the rounds' ratios. */
  readonly ofRaw: number;
  /** The same of (c)'s. */
  readonly ofApollo: number;
}

export type ServerName = 'a raw node' | 'b plugboard' | 'c apollo server';

export interface Results {
  readonly machine: string;
  readonly takenAt: string;
  readonly measured: readonly Measured[];
  readonly peakRssBytes: Readonly<Record<ServerName, number>>;
  readonly demoStartMs: number;
  readonly manyConnectorsStartMs: number;
}

export interface Verdict {
  readonly figure: string;
  readonly got: string;
  readonly target: string;
  readonly isMet: boolean;
}

/** What the figures are held to (README, "Speed and memory"). */
export function judge(results: Results, scenarios: readonly Scenario[]): Verdict[] {
  const verdicts = scenarios.flatMap(({ name, target }) => {
    const own = results.measured.find(({ server, scenario }) => server === 'b plugboard' && scenario === name);
    if (!own) return [];
    return [atLeast(`${name}, of (a)`, own.ofRaw, target), atLeast(`${name}, of (c)`, own.ofApollo, 0.9)];
  });
  return [
    ...verdicts,
    atMost('memory under load, MB', results.peakRssBytes['b plugboard'] / 1e6, 170),
    atMost('start to first answer, ms', results.demoStartMs, 1_500),
    atMost('start of 100 connectors, ms', results.manyConnectorsStartMs, 2_000),
  ];
}

/** Both tables as text. */
export function formatReport(results: Results, verdicts: readonly Verdict[]): string {
  const figures = results.measured.map((row) => [
    row.scenario,
    row.server,
    row.cpuMicrosecondsPerRequest.toFixed(0),
    row.requestsPerSecond.toFixed(0),
    row.p50.toFixed(1),
    row.p99.toFixed(1),
    row.ofRaw.toFixed(2),
    row.ofApollo.toFixed(2),
    (results.peakRssBytes[row.server] / 1e6).toFixed(0),
  ]);
  const heads = ['scenario', 'server', 'CPU µs/request', 'requests/s', 'p50 ms', 'p99 ms', '× (a)', '× (c)', 'RSS MB'];
  const judged = verdicts.map(({ figure, got, target, isMet }) => [figure, got, target, isMet ? 'met' : 'MISSED']);
  return [
    results.machine,
    '',
    formatTable([heads, ...figures]),
    '',
    formatTable([['figure', 'got', 'target', ''], ...judged]),
  ].join('\n');
}

/** The machine in a line; figures mean little without it. */
export function describeMachine(clients: number): string {
  const [cpu] = cpus();
  const memory = Math.round(totalmem() / 2 ** 30);
  return `${cpu?.model.trim()}, ${cpus().length} cores (${arch()}), ${memory} GiB, Node ${process.version}, ${clients} clients`;
}

function atLeast(figure: string, got: number, target: number): Verdict {
  return { figure, got: got.toFixed(2), target: `≥ ${target}`, isMet: got >= target };
}

function atMost(figure: string, got: number, target: number): Verdict {
  return { figure, got: got.toFixed(0), target: `≤ ${target}`, isMet: got <= target };
}

/** Rows of text in columns, the heads first. */
export function formatTable(rows: readonly (readonly string[])[]): string {
  const widths = rows[0]!.map((_, column) => Math.max(...rows.map((row) => row[column]!.length)));
  const isNumber = (text: string) => /^[\d.]+$/.test(text);
  const line = (row: readonly string[], index: number) =>
    row.map((text, column) =>
      index > 0 && isNumber(text) ? text.padStart(widths[column]!) : text.padEnd(widths[column]!),
    );
  return rows.map((row, index) => line(row, index).join('  ').trimEnd()).join('\n');
}
