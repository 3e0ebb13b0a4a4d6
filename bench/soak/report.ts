/** Whether what a process holds is flat. */
import type { Sample } from './gateway.ts';

/** What the figures are held to (safety F18). */
const most = { heapKibPerMinute: 100, rssGrowth: 0.05, descriptors: 5 };
const mebibyte = 2 ** 20;

/**
 * @param samples - at equal distances; the first third is for warming up and is not judged.
 * @param rest - when nothing has been asked for a while.
 */
export function describeSamples(samples: readonly Sample[], rest: Sample, everyMs: number): string {
  const judged = samples.slice(Math.floor(samples.length / 3));
  const perMinute = 60_000 / everyMs;
  const heap = (slope(judged.map(({ heapBytes }) => heapBytes)) * perMinute) / 1024;
  const [early, late] = halves(judged);
  const floor = (part: readonly Sample[]) => Math.min(...part.map(({ rssBytes }) => rssBytes));
  const growth = floor(late) / floor(early) - 1;
  const descriptors = median(late.map((one) => one.descriptors)) - median(early.map((one) => one.descriptors));
  const unhandled = rest.unhandled;
  return [
    ' sample  heap MiB  RSS MiB  descriptors  resources',
    ...samples.map((one, index) => line(String(index + 1), one)),
    line('rest', rest),
    `heap ${heap.toFixed(0)} KiB a minute ${verdict(heap <= most.heapKibPerMinute)}`,
    `RSS floor ${(growth * 100).toFixed(1)} % ${verdict(growth <= most.rssGrowth)}`,
    `descriptors ${descriptors >= 0 ? '+' : ''}${descriptors} ${verdict(Math.abs(descriptors) <= most.descriptors)}`,
    `timers ${countOf(early, 'Timeout')} → ${countOf(late, 'Timeout')}, at rest ${rest.resources['Timeout'] ?? 0}`,
    `unhandled rejections ${unhandled} ${verdict(unhandled === 0)}`,
  ].join('\n');
}

function line(name: string, { heapBytes, rssBytes, descriptors, resources }: Sample): string {
  const parts = Object.entries(resources).map(([kind, count]) => `${kind} ${count}`);
  const figures = [(heapBytes / mebibyte).toFixed(1), (rssBytes / mebibyte).toFixed(0), String(descriptors)];
  return `${name.padStart(7)}  ${figures[0]!.padStart(8)}  ${figures[1]!.padStart(7)}  ${figures[2]!.padStart(11)}  ${parts.join(', ')}`;
}

function verdict(isReached: boolean): string {
  return isReached ? '(reached)' : '(MISSED)';
}

function halves(samples: readonly Sample[]): readonly [readonly Sample[], readonly Sample[]] {
  const middle = Math.ceil(samples.length / 2);
  return [samples.slice(0, middle), samples.slice(middle)];
}

function countOf(samples: readonly Sample[], kind: string): number {
  return median(samples.map(({ resources }) => resources[kind] ?? 0));
}

function median(values: readonly number[]): number {
  return [...values].sort((one, other) => one - other)[Math.floor(values.length / 2)] ?? 0;
}

/** Of the straight line through the values that is nearest to all, for each step. */
function slope(values: readonly number[]): number {
  const middle = (values.length - 1) / 2;
  const mean = values.reduce((sum, value) => sum + value, 0) / values.length;
  const above = values.reduce((sum, value, index) => sum + (index - middle) * (value - mean), 0);
  const below = values.reduce((sum, _value, index) => sum + (index - middle) ** 2, 0);
  return below === 0 ? 0 : above / below;
}
