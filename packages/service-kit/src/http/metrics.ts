import { collectDefaultMetrics, Histogram, Registry } from "prom-client";

/** Seconds. From a cached verdict on loopback to a request that a deadline cut. */
const buckets = [0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 10];

export type ObserveRequest = (method: string, route: string, status: number, seconds: number) => void;

/** A registry of one service, labelled with its name, with Node's own metrics. */
export function createRegistry(service: string): Registry {
  const registry = new Registry();
  registry.setDefaultLabels({ service });
  collectDefaultMetrics({ register: registry });
  return registry;
}

/**
 * Rate, errors and duration in one histogram. Labels are bounded: `route` is the route's pattern, never a URL, and
 * method and status come from Node's own short lists. Label sets are kept so that a request does not hash them again.
 */
export function createRequestObserver(registry: Registry): ObserveRequest {
  const histogram = new Histogram({
    name: "http_request_duration_seconds",
    help: "time from the first byte of a request to the last byte of its answer",
    labelNames: ["method", "route", "code"],
    buckets,
    registers: [registry],
  });
  const children = new Map<string, Histogram.Internal<string>>();
  return (method, route, status, seconds) => {
    const name = `${method} ${route} ${status}`;
    let child = children.get(name);
    if (child === undefined) {
      child = histogram.labels(method, route, String(status));
      children.set(name, child);
    }
    child.observe(seconds);
  };
}
