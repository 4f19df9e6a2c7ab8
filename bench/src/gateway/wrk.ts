/** Sends a corpus with wrk, over 64 connections or as many as are asked for, each one request at a time. */
import { execFile } from "node:child_process";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import type { Corpus } from "./corpus.ts";

export interface Replayed {
  readonly requests: number;
  readonly seconds: number;
  /** Answers other than 2xx, and broken connections. */
  readonly errors: number;
  readonly msP50: number;
  readonly msP99: number;
}

const script = fileURLToPath(new URL("replay.lua", import.meta.url));
const secondsMax = 180;

export interface ReplayOptions {
  /** How often the corpus is sent. Default once. */
  readonly repeats?: number;
  /** Default 64. */
  readonly connections?: number;
  /** What each connection waits before each request: half of it to one and a half times it, by chance. Default 0. */
  readonly pauseMs?: number;
}

/** @param core the core that wrk may use; it is not the proxy's. */
export async function replay(
  port: number,
  corpus: Corpus,
  core: number,
  { repeats = 1, connections = 64, pauseMs = 0 }: ReplayOptions = {},
): Promise<Replayed> {
  const wrk = ["wrk", "-t1", `-c${connections}`, `-d${secondsMax}`, "--timeout", "10", "-s", script];
  const args = [...wrk, `http://127.0.0.1:${port}/`, "--", corpus.file, String(repeats), String(pauseMs)];
  const { stdout } = await promisify(execFile)("taskset", ["-c", String(core), ...args]);
  const last = stdout.trimEnd().split("\n").at(-1) ?? "";
  const { requests, us, errors, p50, p99 } = JSON.parse(last) as Record<
    "requests" | "us" | "errors" | "p50" | "p99",
    number
  >;
  return { requests, seconds: us / 1e6, errors, msP50: p50 / 1000, msP99: p99 / 1000 };
}
