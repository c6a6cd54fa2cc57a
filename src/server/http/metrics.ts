import { Counter, Gauge, Registry } from '@prometheus-io/client';
import type { MetricFamily } from './view.ts';

/** Writes what the server measured, and the requests that were answered here, as Prometheus text. */
export class Metrics {
  readonly #own = new Registry();
  readonly #requests = new Counter({
    name: 'watchkeeper_http_requests_total',
    help: 'Requests answered, by route and status.',
    labelNames: ['route', 'status'],
    registers: [this.#own],
  });

  readonly contentType = this.#own.contentType;

  requestEnded(route: string, status: number): void {
    this.#requests.inc({ route, status: String(status) });
  }

  async text(families: readonly MetricFamily[]): Promise<string> {
    const registry = new Registry();
    for (const family of families) add(registry, family);
    return `${await registry.metrics()}\n${await this.#own.metrics()}`;
  }
}

function add(registry: Registry, { name, help, type, samples }: MetricFamily): void {
  const labelNames = [...new Set(samples.flatMap(({ labels }) => Object.keys(labels ?? {})))];
  const options = { name, help, labelNames, registers: [registry] };
  if (type === 'counter') {
    const counter = new Counter(options);
    for (const { labels, value } of samples) counter.inc(labels ?? {}, value);
  } else {
    const gauge = new Gauge(options);
    for (const { labels, value } of samples) gauge.set(labels ?? {}, value);
  }
}
