/**
 * React: the recommendations element as a component, and a list as a hook. Thin on purpose: rendering, impressions and
 * clicks are the element's. On a server the component renders the bare element and the hook gives no items.
 */
import {
  type CSSProperties,
  createElement,
  type ReactElement,
  type ReactNode,
  useEffect,
  useRef,
  useState,
} from "react";
import type { Recommendations, RecommendRequest } from "./core/client.ts";
import { recommend } from "./core/instance.ts";

export interface RecommendationsProps {
  readonly placement?: string;
  readonly strategy?: string;
  /** Ids in view. */
  readonly items?: readonly string[];
  readonly limit?: number;
  readonly layout?: "carousel" | "grid";
  readonly heading?: string;
  /** Says of each item why it is there. */
  readonly reasons?: boolean;
  /** Shows the last visit's list until this one's is there. */
  readonly stale?: boolean;
  /** Fetches the page of a card on which the pointer rests. */
  readonly prefetch?: boolean;
  readonly className?: string;
  readonly style?: CSSProperties;
  readonly onLoaded?: (detail: { count: number; answer: Recommendations }) => void;
  /** Shown until recommendations are there, or a `<template>` for the cards. */
  readonly children?: ReactNode;
}

const flag = (on: boolean | undefined): "" | undefined => (on ? "" : undefined);

/** `<endcap-recommendations>`; call `init()` once, anywhere. */
export function EndcapRecommendations(props: RecommendationsProps): ReactElement {
  const { items, reasons, stale, prefetch, className, onLoaded, children, ...attributes } = props;
  const element = useRef<HTMLElement>(null);
  const loaded = useRef(onLoaded);
  loaded.current = onLoaded;
  useEffect(() => {
    const host = element.current;
    const tell = (event: Event) => loaded.current?.((event as CustomEvent).detail);
    host?.addEventListener("endcap:loaded", tell);
    return () => host?.removeEventListener("endcap:loaded", tell);
  }, []);
  return createElement(
    "endcap-recommendations",
    {
      ...attributes,
      ref: element,
      class: className,
      items: items && JSON.stringify(items),
      reasons: flag(reasons),
      stale: flag(stale),
      prefetch: flag(prefetch),
    },
    children,
  );
}

/** A list to render oneself: `undefined` while it is on its way. Asks again when the request changes. */
export function useRecommendations(request: RecommendRequest): Recommendations | undefined {
  const [answer, setAnswer] = useState<Recommendations>();
  const asked = JSON.stringify(request);
  useEffect(() => {
    let isCurrent = true;
    void recommend(JSON.parse(asked) as RecommendRequest).then((list) => isCurrent && setAnswer(list));
    return () => {
      isCurrent = false;
    };
  }, [asked]);
  return answer;
}
