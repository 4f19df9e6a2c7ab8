export { type FailOptions, FakeEndcap, type FakeOptions } from "./fake-endcap.ts";
