// snippet: tracking
"use client";
import { init } from "@endcap/sdk-browser";
import { useEffect } from "react";

/** Starts the browser SDK once a page lives; it notices navigation by itself. */
export function Tracking({ apiKey, endpoint }: { apiKey: string; endpoint: string }) {
  useEffect(() => {
    init({ key: apiKey, endpoint });
  }, [apiKey, endpoint]);
  return null;
}
// end
