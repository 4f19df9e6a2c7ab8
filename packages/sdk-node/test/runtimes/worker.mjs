// For Cloudflare's workerd, as `workerd test` runs it.
import * as sdk from "@endcap/sdk-node";
import { scenario } from "./scenario.mjs";

export default {
  async test(_controller, env) {
    await scenario(sdk, JSON.parse(env.ENDCAP_FIXTURE));
  },
};
