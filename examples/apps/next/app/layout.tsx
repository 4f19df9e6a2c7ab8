import type { ReactNode } from "react";
import { Tracking } from "./tracking";

export const metadata = { title: "Shop" };

export default function Layout({ children }: { children: ReactNode }) {
  const { ENDCAP_ENDPOINT = "", ENDCAP_PUBLIC_ENDPOINT = ENDCAP_ENDPOINT, ENDCAP_PUBLISHABLE_KEY = "" } = process.env;
  return (
    <html lang="en-IE">
      <body>
        <Tracking apiKey={ENDCAP_PUBLISHABLE_KEY} endpoint={ENDCAP_PUBLIC_ENDPOINT} />
        {children}
      </body>
    </html>
  );
}
