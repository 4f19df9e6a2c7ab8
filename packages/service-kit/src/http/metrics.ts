import { collectDefaultMetrics, Registry } from "prom-client";
import { DurationHistogram, type DurationSeries } from "./duration-histogram.ts";

/** Seconds. From a cached verdict on loopback to a request that a deadline cut. */
const buckets = [0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 10];

/**
 * How often the event loop is asked how late it is, which wakes the process: at Node's 10 ms a hundred idle times a second,
 * and a host of recommenders would spend a tenth of a core on that alone. A stall that is shorter than this is seen in
 * proportion to its length.
 */
const loopDelayEveryMs = 100;

export type ObserveRequest = (method: string, route: string, status: number, seconds: number) => void;

/** A registry of one service, labelled with its name, with Node's own metrics. */
export function createRegistry(service: string): Registry {
  const registry = new Registry();
  registry.setDefaultLabels({ service });
  collectDefaultMetrics({ register: registry, eventLoopMonitoringPrecision: loopDelayEveryMs });
  return registry;
}

/**
 * Rate, errors and duration in one histogram. Labels are bounded: `route` is the route's pattern, never a URL, and
 * method and status come from Node's own short lists.
 */
export function createRequestObserver(registry: Registry): ObserveRequest {
  const histogram = new DurationHistogram({
    name: "http_request_duration_seconds",
    help: "time from the first byte of a request to the last byte of its answer",
    labelNames: ["method", "route", "code"],
    buckets,
    registers: [registry],
  });
  const routes = new Map<string, Map<string, Map<number, DurationSeries>>>();
  return (method, route, status, seconds) => {
    // Step by step, because a name put together of all three would have to be hashed for each request.
    const series = within(within(routes, route), method);
    let known = series.get(status);
    if (known === undefined) {
      known = histogram.series({ method, route, code: String(status) });
      series.set(status, known);
    }
    known.observe(seconds);
  };
}

function within<Key, Inner>(map: Map<string, Map<Key, Inner>>, name: string): Map<Key, Inner> {
  let inner = map.get(name);
  if (inner === undefined) {
    inner = new Map();
    map.set(name, inner);
  }
  return inner;
}
