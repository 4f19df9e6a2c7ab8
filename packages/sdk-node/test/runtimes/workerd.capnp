using Workerd = import "/workerd/workerd.capnp";

const config :Workerd.Config = (
  services = [
    (
      name = "main",
      worker = (
        modules = [(name = "worker", esModule = embed "bundle.mjs")],
        compatibilityDate = "2026-06-01",
        bindings = [(name = "ENDCAP_FIXTURE", fromEnvironment = "ENDCAP_FIXTURE")],
      ),
    ),
    (name = "internet", network = (allow = ["public", "private"])),
  ],
);
