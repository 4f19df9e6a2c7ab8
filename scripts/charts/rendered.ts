/** One document of a rendered chart, as far as the checks look into it. */
export interface Rendered {
  readonly kind: string;
  readonly metadata: { readonly name: string };
  readonly data?: Readonly<Record<string, string>>;
  readonly spec?: {
    readonly template?: { readonly spec: PodSpec };
  };
}

interface PodSpec {
  readonly terminationGracePeriodSeconds?: number;
  readonly enableServiceLinks?: boolean;
  readonly securityContext?: { readonly runAsNonRoot?: boolean; readonly seccompProfile?: { readonly type: string } };
  readonly containers: readonly {
    readonly name: string;
    readonly securityContext?: {
      readonly allowPrivilegeEscalation?: boolean;
      readonly readOnlyRootFilesystem?: boolean;
      readonly capabilities?: { readonly drop?: readonly string[] };
    };
  }[];
}

/** What keeps a document's pods from the Pod Security Standard `restricted`, and from a file system they cannot write. */
export function podFaults({ kind, metadata, spec }: Rendered): string[] {
  const pod = spec?.template?.spec;
  if (pod === undefined) return [];
  const faults: string[] = [];
  if (pod.securityContext?.runAsNonRoot !== true) faults.push("runAsNonRoot is not set");
  if (pod.securityContext?.seccompProfile?.type !== "RuntimeDefault")
    faults.push("seccompProfile is not RuntimeDefault");
  if (pod.enableServiceLinks !== false) faults.push("enableServiceLinks would put Services into our settings");
  for (const { name, securityContext } of pod.containers) {
    if (securityContext?.allowPrivilegeEscalation !== false) faults.push(`${name} may gain privileges`);
    if (securityContext?.readOnlyRootFilesystem !== true) faults.push(`${name} may write its own image`);
    if (securityContext?.capabilities?.drop?.includes("ALL") !== true) faults.push(`${name} keeps capabilities`);
  }
  return faults.map((fault) => `${kind} ${metadata.name}: ${fault}`);
}
