interface ImportMetaEnv {
  /** Publishable, `pk_…`: it may stand in a page. */
  readonly VITE_ENDCAP_KEY: string;
  /** Origin of the gateway. */
  readonly VITE_ENDCAP_ENDPOINT: string;
}
